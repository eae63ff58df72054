// SPDX-License-Identifier: Apache-2.0
import { quote } from '../primitives/quote.ts';
import { invalidPolicy } from './invalid.ts';

/** The scope of a statement that applies where no other does. */
export const anyRepository = '*';

const expected =
  'make sure it is a fully qualified repository without the scheme, protocol or tag. ' +
  'For example domain.com/my/repository or a local scope like local/myOCILayout';

/**
 * Throws `trust-policy-invalid` unless a text is `<domain>/<repository>` as registry scopes are written. Scanned by hand,
 * in linear time: the reference's expressions are ambiguous.
 */
export function validateRegistryScope(scope: string): void {
  if (scope.length > 1 && scope.includes('*')) {
    throw invalidPolicy(`registry scope ${quote(scope)} with wild card(s) is not valid, ${expected}`);
  }
  const slash = scope.indexOf('/');
  if (slash < 0 || !isDomain(scope.slice(0, slash)) || !isRepository(scope.slice(slash + 1))) {
    throw invalidPolicy(`registry scope ${quote(scope)} is not valid, ${expected}`);
  }
}

/** Labels of letters, digits and inner hyphens, joined by dots; then perhaps a port. */
function isDomain(text: string): boolean {
  const colon = text.indexOf(':');
  const port = colon < 0 ? '0' : text.slice(colon + 1);
  const host = colon < 0 ? text : text.slice(0, colon);
  return port !== '' && every(port, isDigit) && host.split('.').every(isLabel);
}

function isLabel(label: string): boolean {
  const inner = every(label, (code) => isAlphanumeric(code) || code === hyphen);
  return label !== '' && inner && label.charCodeAt(0) !== hyphen && label.charCodeAt(label.length - 1) !== hyphen;
}

function isRepository(text: string): boolean {
  return text.split('/').every(isComponent);
}

/** Lower-case letters and digits with separators between them: one of `.`, `_`, `__`, or any number of `-`. */
function isComponent(component: string): boolean {
  let separatorFrom = 0;
  for (let index = 0; index < component.length; index++) {
    const code = component.charCodeAt(index);
    if (!isLowerAlphanumeric(code)) continue;
    if (!isSeparator(component.slice(separatorFrom, index), separatorFrom === 0)) return false;
    separatorFrom = index + 1;
  }
  return component !== '' && separatorFrom === component.length;
}

function isSeparator(text: string, leading: boolean): boolean {
  if (text === '') return true;
  return !leading && (text === '.' || text === '_' || text === '__' || every(text, (code) => code === hyphen));
}

const hyphen = 0x2d;

function every(text: string, holds: (code: number) => boolean): boolean {
  for (let index = 0; index < text.length; index++) if (!holds(text.charCodeAt(index))) return false;
  return true;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isLowerAlphanumeric(code: number): boolean {
  return isDigit(code) || (code >= 0x61 && code <= 0x7a);
}

function isAlphanumeric(code: number): boolean {
  return isLowerAlphanumeric(code) || (code >= 0x41 && code <= 0x5a);
}
