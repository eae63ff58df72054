// SPDX-License-Identifier: Apache-2.0

/** A logging command as the agent understands it. */
export interface AgentCommand {
  /** `<area>.<event>` in lower case. */
  readonly name: string;
  /** By name in lower case. */
  readonly properties: ReadonlyMap<string, string>;
  readonly data: string;
}

const prefix = '##vso[';

/** The agent searches in a culture-aware way, which skips these. */
const skipped = /[\p{Default_Ignorable_Code_Point}\p{Cf}\0-\x08]/gu;

/** Parses a line as the agent's Command.cs does: the prefix may stand anywhere; undefined when the line is no command. */
export function parseAgentCommand(line: string): AgentCommand | undefined {
  const searched = line.replace(skipped, '');
  const start = searched.toLowerCase().indexOf(prefix);
  const end = searched.indexOf(']', start);
  if (start < 0 || end < 0) return undefined;
  const head = searched.slice(start + prefix.length, end);
  const space = head.indexOf(' ');
  const areaEvent = (space < 0 ? head : head.slice(0, space)).split('.').filter((part) => part !== '');
  if (areaEvent.length !== 2) return undefined;
  const properties = new Map<string, string>();
  if (space > 0) {
    for (const property of head.slice(space + 1).split(';')) {
      const equals = property.indexOf('=');
      if (equals <= 0 || equals === property.length - 1) continue;
      properties.set(property.slice(0, equals).toLowerCase(), unescape(property.slice(equals + 1)));
    }
  }
  return { name: areaEvent.join('.').toLowerCase(), properties, data: unescape(searched.slice(end + 1)) };
}

function unescape(text: string): string {
  return text
    .replaceAll('%3B', ';')
    .replaceAll('%0D', '\r')
    .replaceAll('%0A', '\n')
    .replaceAll('%5D', ']')
    .replaceAll('%AZP25', '%');
}

/** Events that the agent knows, by area; another event of a known area fails the step, another area is a warning. */
const events: ReadonlyMap<string, readonly string[]> = new Map([
  [
    'task',
    [
      ...[
        'complete',
        'logissue',
        'issue',
        'setvariable',
        'setsecret',
        'settaskvariable',
        'uploadsummary',
        'uploadfile',
      ],
      ...['addattachment', 'setprogress', 'prependpath', 'debug', 'logdetail', 'setendpoint'],
    ],
  ],
  ['build', ['addbuildtag', 'updatebuildnumber', 'uploadlog']],
  ['artifact', ['upload', 'associate']],
  ['telemetry', ['publish']],
]);

/** How the agent takes a command, restrictions aside. */
export function commandKind(name: string): 'known' | 'unknown event' | 'unknown area' {
  const [area = '', event = ''] = name.split('.');
  const known = events.get(area);
  if (known === undefined) return 'unknown area';
  return known.includes(event) ? 'known' : 'unknown event';
}

/** What a step in restricted mode may still say. */
export const restrictedCommands: ReadonlySet<string> = new Set([
  ...['task.logdetail', 'task.logissue', 'task.issue', 'task.complete', 'task.setprogress', 'task.setsecret'],
  ...['task.setvariable', 'task.debug', 'task.settaskvariable', 'task.prependpath', 'telemetry.publish'],
]);
