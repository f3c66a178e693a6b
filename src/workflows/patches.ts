/**
 * Changes of the workflows that sweeps in flight take part in from their next run on: Temporal's `patched` tells a history
 * that was begun before from one that was not. A name is never used twice and stays until no such history is left.
 */
export const PATCHES = {
  /** Trials that this run does not follow are asked to tell their end. */
  askToTell: 'ask-to-tell',
  /** Acts that are not taken are written down. */
  recordRefusals: 'record-refusals',
  /** Runs that the sweep's `approval` names wait for a person. */
  askForApproval: 'ask-for-approval',
  /** The head of the record is left in the workflow's memo. */
  anchorHead: 'anchor-head',
  /** What jobs report while a decision is made is written with it. */
  recordTogether: 'record-together',
  /** Search attributes are set every few seconds. */
  showLess: 'show-less',
  /** Trials are started without waiting for the server's answer. */
  startWithoutWaiting: 'start-without-waiting',
  /** What is too large for one message is written in several. */
  appendInParts: 'append-in-parts',
  /** A veto takes back pinned runs that it does not allow. */
  unpinVetoed: 'unpin-vetoed',
  /** A launch is given up when its job is to be stopped. */
  stopLaunches: 'stop-launches',
  /** A recommendation that was on its way when an act came in is made anew. */
  recommendAnew: 'recommend-anew',
  /** A trial workflow that is lost again and again is started again after a while. */
  backOffLost: 'back-off-lost',
  /** People are told when a sweep pauses itself. */
  tellOfPauses: 'tell-of-pauses',
  /** A sweep that is being cancelled does not go on. */
  refuseLateResume: 'refuse-late-resume',
  /** A run that the server calls long hands over at any rest, also when it has brought the sweep no further. */
  continueAtRest: 'continue-at-rest',
  /** What comes in while people are told of the end is recorded before it. */
  hearBeforeEnd: 'hear-before-end',
  /** A pause that comes in while a decision is written holds its trial. */
  holdDecided: 'hold-decided',
} as const;
