/**
 * The recorder's thread as one CommonJS text, so that a bundler which moves files around cannot lose it.
 * The build writes it into this module's output; the source holds none.
 */
export const workerText: string = "";
