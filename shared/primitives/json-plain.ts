// SPDX-License-Identifier: Apache-2.0
import type { GoJson } from './json-encode.ts';
import { malformedAt } from './json-position.ts';
import type { JsonNumber, JsonValue } from './json.ts';

interface Task {
  readonly value: JsonValue;
  readonly put: (plain: GoJson) => void;
}

/**
 * What `json.Unmarshal` makes of a value without a type: objects become maps in which the last duplicate wins, numbers
 * float64. Throws `malformed` for a number beyond float64. Works level by level, because documents may be nested deeper than
 * the JavaScript stack.
 */
export function plainJson(root: JsonValue): GoJson {
  let result: GoJson = null;
  const tasks: Task[] = [{ value: root, put: (plain) => (result = plain) }];
  for (const { value, put } of tasks) put(startPlain(value, tasks));
  return result;
}

/** A scalar, or a container whose elements are added to the tasks. */
function startPlain(value: JsonValue, tasks: Task[]): GoJson {
  switch (value.kind) {
    case 'null':
      return null;
    case 'boolean':
    case 'string':
      return value.value;
    case 'number':
      return floatOf(value);
    case 'array': {
      const items: GoJson[] = [];
      value.items.forEach((item, index) => tasks.push({ value: item, put: (plain) => (items[index] = plain) }));
      return items;
    }
    case 'object': {
      const map = new Map<string, GoJson>();
      for (const member of value.members) {
        tasks.push({ value: member.value, put: (plain) => map.set(member.key, plain) });
      }
      return map;
    }
  }
}

function floatOf({ literal, at }: JsonNumber): number {
  const float = Number(literal);
  if (Number.isFinite(float)) return float;
  throw malformedAt(at, `number ${literal.slice(0, 40)} does not fit a 64-bit float`);
}
