/** An emulator file small enough to compute by hand: two domains, two hidden units, two outputs. */
export const smallEmulator = () => ({
  kind: 'mlp-emulator',
  format_version: 1,
  inputs: ['code', 'prose', 'model_size_millions', 'training_steps'],
  input_mean: [0.5, 0.5, 100, 1000],
  input_std: [0.5, 0.5, 100, 1000],
  hidden_activation: 'relu',
  layers: [
    {
      weight: [
        [1, 0, 0, 0],
        [0, 1, 1, 1],
      ],
      bias: [0, 0.5],
    },
    {
      weight: [
        [1, 2],
        [0, -1],
      ],
      bias: [0.25, 1],
    },
  ],
  outputs: [
    { name: 'loss', unit: 'nats/token', direction: 'minimize' },
    { name: 'accuracy', unit: 'accuracy', direction: 'maximize' },
  ],
  output_mean: [3, 0.5],
  output_std: [2, 0.1],
  model_sizes_millions: [50, 100],
  steps: { min: 100, max: 1000, every: 100, target: 1000 },
  cost_per_100_steps: { unit: 'one run', '50': 0.5, '100': 1 },
});
