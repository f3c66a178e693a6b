/** Ten years, in seconds: what a sweep may be told to wait. Far longer waits are no dates, and no timers of the server's. */
export const LONGEST_WAIT_SECONDS = 315_360_000;
