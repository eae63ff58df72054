// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../errors.ts';

/** A media type is short; longer texts are not scanned. */
const maxMediaTypeLength = 1024;

/** RFC 2045 token: no blanks, control characters, tspecials or anything beyond ASCII. */
const token = /[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]*/y;

/**
 * Checks a media type as Go's `mime.ParseMediaType` does: `type/subtype` or a bare token, then parameters, none of them
 * twice with different values. Throws `malformed` with Go's words.
 */
export function checkMediaType(text: string): void {
  if (text.length > maxMediaTypeLength) throw malformed(`longer than ${maxMediaTypeLength} characters`);
  const semicolon = text.indexOf(';');
  const base = semicolon === -1 ? text : text.slice(0, semicolon);
  checkBase(base.trim());
  checkParameters(text.slice(base.length));
}

function checkBase(base: string): void {
  const type = tokenAt(base, 0);
  if (type === '') throw malformed('mime: no media type');
  if (type.length === base.length) return;
  if (base[type.length] !== '/') throw malformed('mime: expected slash after first token');
  const subtype = tokenAt(base, type.length + 1);
  if (subtype === '') throw malformed('mime: expected token after slash');
  if (type.length + 1 + subtype.length !== base.length) throw malformed('mime: unexpected content after media subtype');
}

function checkParameters(text: string): void {
  const values = new Map<string, string>();
  for (let rest = text.trimStart(); rest !== '';) {
    const parameter = readParameter(rest);
    if (parameter === undefined) {
      if (rest.trim() === ';') return;
      throw malformed('mime: invalid media parameter');
    }
    const known = values.get(parameter.name);
    if (known !== undefined && known !== parameter.value) throw malformed('mime: duplicate parameter name');
    values.set(parameter.name, parameter.value);
    rest = parameter.rest.trimStart();
  }
}

function readParameter(text: string) {
  if (!text.startsWith(';')) return undefined;
  const start = text.slice(1).trimStart();
  const name = tokenAt(start, 0);
  const equals = start.slice(name.length).trimStart();
  if (name === '' || !equals.startsWith('=')) return undefined;
  const value = readValue(equals.slice(1).trimStart());
  return value === undefined ? undefined : { name: name.toLowerCase(), ...value };
}

function readValue(text: string): { readonly value: string; readonly rest: string } | undefined {
  if (!text.startsWith('"')) {
    const value = tokenAt(text, 0);
    return value === '' ? undefined : { value, rest: text.slice(value.length) };
  }
  const quoted = /^"((?:[^"\\\r\n]|\\[^\r\n])*)"/.exec(text);
  return quoted === null ? undefined : { value: quoted[1] ?? '', rest: text.slice(quoted[0].length) };
}

function tokenAt(text: string, position: number): string {
  token.lastIndex = position;
  return token.exec(text)?.[0] ?? '';
}

function malformed(message: string): NotaryError {
  return new NotaryError('malformed', message);
}
