import { expect, it } from 'vitest';
import { InputError } from '../../src/domain/errors.js';
import { metricsOptions } from '../../src/temporal/worker-metrics.js';

const read = (address?: string) => metricsOptions(address === undefined ? {} : { TITRATE_METRICS_ADDRESS: address });

it('serves metrics where it is told to, and nowhere when it is not', () => {
  expect(read()).toEqual({});
  expect(read('')).toEqual({});
  for (const address of ['127.0.0.1:9464', '0.0.0.0:1', '[::1]:9464'])
    expect(read(address)).toMatchObject({ telemetryOptions: { metrics: { prometheus: { bindAddress: address } } } });
});

it('refuses what is no address with a port', () => {
  for (const address of [
    '9464',
    ':9464',
    'localhost:9464',
    '127.0.0.1',
    '127.0.0.1:0',
    '127.0.0.1:70000',
    '[::g]:1',
    '::1:9464',
  ])
    expect(() => read(address), address).toThrow(InputError);
});
