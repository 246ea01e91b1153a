/** Runs `work` as the program of a service: a failure is one line on standard error and exit code 1, not a stack trace. */
export async function runProgram(service: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    // A connection that fails for several addresses says so in its parts only.
    const { message, code } = error as Error & { code?: string };
    console.error(`${service}: ${(message || code || String(error)).replaceAll(/\s*\n\s*/g, ' ')}`);
    process.exit(1);
  }
}
