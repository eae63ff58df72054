// SPDX-License-Identifier: Apache-2.0

/** Replaces known secrets, line by line, as the agent's secret masker does. */
export class AgentMasker {
  readonly #values = new Set<string>();
  /** The secrets as they were given, to look for leaks. */
  readonly #given: string[] = [];

  add(secret: string): void {
    if (secret.trim() === '') return;
    this.#given.push(secret);
    for (const value of [secret, secret.trim()]) {
      this.#values.add(value);
      this.#values.add(JSON.stringify(value).slice(1, -1));
      this.#values.add(encodeURIComponent(value));
      this.#values.add(value.replaceAll('\\', '\\\\'));
      this.#values.add(Buffer.from(value).toString('base64'));
    }
  }

  mask(line: string): string {
    let masked = line;
    for (const value of [...this.#values].sort((a, b) => b.length - a.length)) masked = masked.replaceAll(value, '***');
    return masked;
  }

  /** Whether a line shows a secret, or a line of a secret that is long enough to be recognised. */
  shows(line: string): boolean {
    return this.#given.some((secret) =>
      secret
        .split(/[\r\n]+/)
        .map((part) => part.trim())
        .some((part) => part.length >= 8 && !part.startsWith('-----') && line.includes(part)),
    );
  }
}
