/** The version of the package, put in at build time. */
declare const AGENSIGHT_VERSION: string | undefined;

export const version: string = typeof AGENSIGHT_VERSION === "string" ? AGENSIGHT_VERSION : "0.0.0-dev";
