/** Builds the control plane before any test: it takes minutes, which no test may wait for. */
import { findControlPlane } from './build-control-plane.js';

export const setup = async (): Promise<void> => {
  await findControlPlane();
};
