// How long a test waits for what must come at last, the one place for it: a deadline ends what hangs, it judges nothing.
const factor = Number(process.env.NETBIT_TEST_PATIENCE) || 1

/** Milliseconds to wait for something that should take a moment; NETBIT_TEST_PATIENCE multiplies them. */
export const patient = (seconds = 60) => Math.max(seconds, 60) * 1000 * factor
