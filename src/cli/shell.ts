/** Text that can be pasted into a shell. */

/** One word for the platform's shell. */
export function shellQuote(text: string): string {
  if (/^[\w@%+=:,./\\-]+$/.test(text)) return process.platform === "win32" ? text : text.replaceAll("\\", "\\\\");
  return process.platform === "win32" ? `"${text}"` : `'${text.replaceAll("'", "'\\''")}'`;
}
