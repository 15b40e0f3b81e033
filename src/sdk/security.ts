/** Package entry `agensight/security`: what is redacted before anything is written or sent. */

/** Being built. */
export function configureRedaction(_options: object): void {}
