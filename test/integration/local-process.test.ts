import { describeLauncherConformance } from '../launchers/conformance.js';
import { makeLocalHarness } from '../launchers/local-harness.js';

describeLauncherConformance('the local process launcher', makeLocalHarness);
