// SPDX-License-Identifier: Apache-2.0

/** A workflow command that a step gave (GH 3.7). */
export interface RunnerCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
  /** `::name::` at the start of a line, or the older `##[name]` anywhere. */
  readonly syntax: '::' | '##[';
}

/** Commands that the runner knows (runner: ActionCommandManager); anything else is text. */
const known = new Set([
  ...[
    'set-env',
    'set-output',
    'save-state',
    'add-mask',
    'add-path',
    'add-matcher',
    'remove-matcher',
    'warning',
    'error',
  ],
  ...['notice', 'debug', 'group', 'endgroup', 'echo', 'stop-commands', 'internal-set-repo-path'],
]);

/** Reads the output of a step line by line as the runner does: commands, masks, and what remains to be shown. */
export class RunnerLog {
  readonly commands: RunnerCommand[] = [];
  /** What a reader of the log sees, masks applied. */
  readonly shown: string[] = [];
  /** Every line as the step printed it. */
  readonly raw: string[] = [];
  readonly masks: Set<string>;
  #resumeToken: string | undefined;

  /** Masks live as long as the job. */
  constructor(masks: Set<string>) {
    this.masks = masks;
  }

  line(text: string): void {
    this.raw.push(text);
    if (this.#resumeToken !== undefined) {
      if (text.trim() === `::${this.#resumeToken}::`) this.#resumeToken = undefined;
      this.#show(text);
      return;
    }
    const command = parseCommand(text);
    if (command === undefined) {
      this.#show(text);
      return;
    }
    this.commands.push(command);
    this.#process(command);
  }

  /** Replaces what is masked by `***`, in anything the runner would show or upload. */
  mask(text: string): string {
    let masked = text;
    for (const secret of [...this.masks].sort((a, b) => b.length - a.length)) masked = masked.replaceAll(secret, '***');
    return masked;
  }

  #process({ name, data }: RunnerCommand): void {
    if (name === 'add-mask') {
      if (data.trim() !== '')
        for (const line of [data, ...data.split(/[\r\n]+/)]) if (line !== '') this.masks.add(line);
      return;
    }
    if (name === 'stop-commands') {
      if (data === '' || known.has(data) || data === 'pause-logging')
        throw new Error(`invalid stop-commands token ${data}`);
      this.#resumeToken = data;
      return;
    }
    if (name === 'endgroup') return;
    for (const line of data.split(/\r\n|\r|\n/)) this.#show(`##[${name}]${line}`);
  }

  #show(text: string): void {
    this.shown.push(this.mask(text));
  }
}

/** Parses one line, the newer form first; undefined for text. */
export function parseCommand(line: string): RunnerCommand | undefined {
  return parseColons(line.trimStart()) ?? parseBracket(line);
}

function parseColons(line: string): RunnerCommand | undefined {
  const match = /^::(.*?)::([\s\S]*)$/.exec(line);
  if (match === null) return undefined;
  const [, info = '', data = ''] = match;
  const { name, fields } = nameAndFields(info, ',');
  if (!known.has(name)) return undefined;
  const unescape = (text: string): string =>
    text
      .replaceAll('%0D', '\r')
      .replaceAll('%0A', '\n')
      .replaceAll('%3A', ':')
      .replaceAll('%2C', ',')
      .replaceAll('%25', '%');
  const plain = data.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
  return { name, properties: propertiesOf(fields, unescape), data: plain, syntax: '::' };
}

function parseBracket(line: string): RunnerCommand | undefined {
  const match = /##\[([^\]]*)\]([\s\S]*)$/.exec(line);
  if (match === null) return undefined;
  const [, info = '', data = ''] = match;
  const { name, fields } = nameAndFields(info, ';');
  if (!known.has(name)) return undefined;
  const unescape = (text: string): string =>
    text
      .replaceAll('%0D', '\r')
      .replaceAll('%0A', '\n')
      .replaceAll('%3B', ';')
      .replaceAll('%5D', ']')
      .replaceAll('%25', '%');
  return { name, properties: propertiesOf(fields, unescape), data: unescape(data), syntax: '##[' };
}

function nameAndFields(info: string, separator: string): { name: string; fields: string[] } {
  const space = info.indexOf(' ');
  if (space === -1) return { name: info, fields: [] };
  return {
    name: info.slice(0, space),
    fields: info
      .slice(space + 1)
      .trim()
      .split(separator),
  };
}

function propertiesOf(fields: readonly string[], unescape: (text: string) => string): Record<string, string> {
  const pairs = fields.map((field) => [
    field.slice(0, field.indexOf('=')).trim(),
    unescape(field.slice(field.indexOf('=') + 1)),
  ]);
  return Object.fromEntries(pairs) as Record<string, string>;
}
