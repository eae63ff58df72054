// SPDX-License-Identifier: Apache-2.0
import type { Random } from './random.ts';

/** An object as its members' names and the texts of their values: it may repeat names, and hold what is no JSON. */
export type Members = readonly (readonly [string, string])[];

/** The text of an object. */
export function objectText(members: Members): string {
  return `{${members.map(([name, value]) => `"${name}":${value}`).join(',')}}`;
}

/** Removes, repeats, renames, moves, replaces and adds members. */
export function mutateMembers(random: Random, members: Members): Members {
  const mutant = members.map(([name, value]) => [name, value] as const);
  for (let count = 1 + random.below(3); count > 0; count--) {
    const at = random.below(mutant.length);
    const [name, value] = mutant[at] ?? ['', 'null'];
    const place = random.below(mutant.length + 1);
    const choice = random.float();
    if (choice < 0.15) mutant.splice(at, 1);
    else if (choice < 0.35) mutant[at] = [name, anyValue(random)];
    else if (choice < 0.5) mutant[at] = [fold(random, name), value];
    else if (choice < 0.7) {
      const repeated = random.chance(0.5) ? fold(random, name) : name;
      mutant.splice(place, 0, [repeated, random.chance(0.5) ? anyValue(random) : value]);
    } else if (choice < 0.8) mutant.splice(place, 0, ...mutant.splice(at, 1));
    else if (choice < 0.95) {
      mutant.push([random.pick(['k', 'x', '__proto__', 'constructor', 'urls', 'a.b', '']), anyValue(random)]);
    } else mutant[at] = [name, random.pick([' ', '\n', '\ufeff', '\x0b']) + value];
  }
  return mutant;
}

/** A name that Go's decoder takes for the same, or nearly. */
export function fold(random: Random, name: string): string {
  const choice = random.float();
  if (choice < 0.3) return name.toUpperCase();
  if (choice < 0.5) return name.slice(0, 1).toUpperCase() + name.slice(1);
  if (choice < 0.7) return name.replaceAll('s', 'ſ');
  if (choice < 0.85) return name.replaceAll(/k/gi, '\u212a');
  return name.replace(/^./, (first) => `\\u${first.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Changes characters anywhere in a text. */
export function mutateText(random: Random, text: string): string {
  let mutant = text;
  for (let count = 1 + random.below(2); count > 0; count--) {
    const at = random.below(mutant.length + 1);
    const choice = random.float();
    if (choice < 0.4) mutant = mutant.slice(0, at) + random.pick(inserts) + mutant.slice(at);
    else if (choice < 0.7) mutant = mutant.slice(0, at) + mutant.slice(at + 1 + random.below(3));
    else mutant += random.pick([' ', 'x', '\n', '{}', 'null', '\0']);
  }
  return mutant;
}

const inserts = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  ' ',
  '\\',
  '0',
  'a',
  '\0',
  '\n',
  'é',
  '\ud800',
  '-',
  '.',
  'e',
  '/**/',
  '\u2028',
];

/** Some value, or what is none. */
export function anyValue(random: Random): string {
  return random.chance(0.02) ? `"${'a'.repeat(random.below(40))}"` : random.pick(values);
}

const values = [
  ...'null true false 0 1 -0 1.0 1e2 1e400 -1 9223372036854775808 255 256 "" "x" [] {} [null] [1,2,255] [256] ["a"]'.split(
    ' ',
  ),
  ...'01 +1 .5 1. tru 1E5 1e-400 - 1e [1,] {"a":1,} {"a":1} [[[]]] "é" "\ufeff" "\t" "\0" "\\x" "\\u12"'.split(' '),
  '"\\u0041"',
  '"\\ud800"',
  '"\\ud83d\\ude00"',
  '"\\ud800\\u0041"',
  '"notary.x509"',
  '"notary.x509.signingAuthority"',
  '"2026-06-01T00:00:00Z"',
  '"0001-01-01T00:00:00Z"',
  '"2026-06-01T0:00:00,5+24:60"',
  '"2027-06-01T00:00:00.123456789123Z"',
  '"2026-06-01T00:00:00\\u005a"',
  '"PS256"',
  '"ES256"',
  '"ES384"',
  '"none"',
  '"alg"',
  '"QUJD"',
  '"QUI="',
  '"QU=="',
  '"QU="',
  '"Q U="',
  '"-_"',
  '"QUJD\\n"',
];
