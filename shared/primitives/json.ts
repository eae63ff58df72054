// SPDX-License-Identifier: Apache-2.0
import type { JsonPosition } from './json-position.ts';
import { JsonScanner } from './json-scanner.ts';
import { decodeUtf8 } from './utf8.ts';

/** A parsed JSON value that still knows where and how it was written, so that a reader can be as exact as Go's. */
export type JsonValue = JsonNull | JsonBoolean | JsonNumber | JsonString | JsonArray | JsonObject;

interface JsonNode {
  /** Where the value begins, for messages. */
  readonly at: JsonPosition;
}

export interface JsonNull extends JsonNode {
  readonly kind: 'null';
}

export interface JsonBoolean extends JsonNode {
  readonly kind: 'boolean';
  readonly value: boolean;
}

/** A number as its literal: `481.0` is not an integer, and 64 bits do not fit a JavaScript number. */
export interface JsonNumber extends JsonNode {
  readonly kind: 'number';
  readonly literal: string;
}

export interface JsonString extends JsonNode {
  readonly kind: 'string';
  readonly value: string;
  /** Whether it was written with escapes: Go's time parser sees the text between the quotes undecoded. */
  readonly escaped: boolean;
}

export interface JsonArray extends JsonNode {
  readonly kind: 'array';
  readonly items: readonly JsonValue[];
}

/** An object with its members in document order, duplicates included. */
export interface JsonObject extends JsonNode {
  readonly kind: 'object';
  readonly members: readonly JsonMember[];
}

export interface JsonMember {
  readonly key: string;
  readonly value: JsonValue;
}

export interface JsonOptions {
  /** What to do with anything but white space after the value: `json.Unmarshal` rejects, `json.Decoder` ignores. */
  readonly trailing: 'reject' | 'ignore';
}

/** Go's limit of nesting; deeper documents are refused (`encoding/json` maxNestingDepth). */
const maximumDepth = 10_000;

/** Values of a document, each some 150 bytes of memory here; an index of signatures that fills its 4 MiB has fewer. */
export const maximumJsonValues = 250_000;

/**
 * Parses JSON as Go's `encoding/json` does (reference 0.2.1): invalid UTF-8 and lone surrogates in strings become U+FFFD.
 * Throws `malformed` with line and column, also for a document of very many values.
 */
export function parseJson(input: Uint8Array | string, options: JsonOptions = { trailing: 'reject' }): JsonValue {
  const scanner = new JsonScanner(typeof input === 'string' ? input : decodeUtf8(input));
  const value = readDocument(scanner);
  if (options.trailing === 'reject') {
    scanner.skipSpace();
    if (!scanner.atEnd()) throw scanner.unexpected('after top-level value');
  }
  return value;
}

interface OpenArray {
  readonly node: JsonArray;
  readonly items: JsonValue[];
}

interface OpenObject {
  readonly node: JsonObject;
  readonly members: JsonMember[];
  key: string;
}

type Open = OpenArray | OpenObject;

/** Reads one value with a stack of its own: the document decides the depth, the JavaScript stack must not. */
function readDocument(scanner: JsonScanner): JsonValue {
  const open: Open[] = [];
  for (let count = 1; ; count++) {
    scanner.skipSpace();
    if (count > maximumJsonValues) throw scanner.error(`more than ${maximumJsonValues} values`);
    if (open.length === maximumDepth && /[[{]/.test(scanner.peek())) throw scanner.error('exceeded max depth');
    const started = startValue(scanner);
    if ('node' in started) {
      open.push(started);
      continue;
    }
    let value: JsonValue = started;
    for (;;) {
      const parent = open.at(-1);
      if (parent === undefined) return value;
      if (attach(scanner, parent, value) === 'open') break;
      open.pop();
      value = parent.node;
    }
  }
}

/** A whole scalar or empty container, or a container that waits for its first value. */
function startValue(scanner: JsonScanner): JsonValue | Open {
  const at = scanner.position();
  switch (scanner.peek()) {
    case '{':
      return startObject(scanner, at);
    case '[': {
      const items: JsonValue[] = [];
      scanner.take();
      scanner.skipSpace();
      const node: JsonArray = { kind: 'array', at, items };
      return scanner.takeIf(']') ? node : { node, items };
    }
    case '"': {
      const { value, escaped } = scanner.string();
      return { kind: 'string', at, value, escaped };
    }
    case 't':
      scanner.word('true');
      return { kind: 'boolean', at, value: true };
    case 'f':
      scanner.word('false');
      return { kind: 'boolean', at, value: false };
    case 'n':
      scanner.word('null');
      return { kind: 'null', at };
    default:
      return { kind: 'number', at, literal: scanner.number() };
  }
}

function startObject(scanner: JsonScanner, at: JsonPosition): JsonObject | OpenObject {
  const members: JsonMember[] = [];
  const node: JsonObject = { kind: 'object', at, members };
  scanner.take();
  scanner.skipSpace();
  return scanner.takeIf('}') ? node : { node, members, key: scanner.key() };
}

/** Adds a value to its container and reads the separator; tells whether the container goes on. */
function attach(scanner: JsonScanner, parent: Open, value: JsonValue): 'open' | 'closed' {
  scanner.skipSpace();
  if ('items' in parent) {
    parent.items.push(value);
    if (scanner.takeIf(',')) return 'open';
    if (scanner.takeIf(']')) return 'closed';
    throw scanner.unexpected('after array element');
  }
  parent.members.push({ key: parent.key, value });
  if (scanner.takeIf(',')) {
    parent.key = scanner.key();
    return 'open';
  }
  if (scanner.takeIf('}')) return 'closed';
  throw scanner.unexpected('after object key:value pair');
}
