import { defineConfig } from "vitest/config";

/** One file of tests is one process: tests start programs, hold files and change their environment. */
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/setup.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    // a busy machine takes longer than the second that is usual
    expect: { poll: { timeout: 15_000 } },
    hookTimeout: 60_000,
    teardownTimeout: 10_000,
  },
});
