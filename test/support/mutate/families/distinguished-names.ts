// SPDX-License-Identifier: Apache-2.0
import type { Random } from '../random.ts';

const atoms = [
  'C',
  'ST',
  'S',
  'O',
  'CN',
  'OU',
  'c',
  '=',
  '=',
  '=',
  ',',
  ',',
  ', ',
  ';',
  '+',
  ' ',
  '  ',
  '\\',
  '\\ ',
  '\\,',
  '\\=',
  '\\41',
  '\\c3\\a9',
  '\\ff',
  '\\zz',
  '\\4',
  '\\é1',
  '\\1é',
  '"',
  '#',
  'é',
  '😀',
  'a',
  'b',
  'US',
  'WA',
  '\u00a0',
  '\u0085',
  '\ufeff',
  '\t',
  '\n',
  '\0',
  '\\\\',
  "\\'",
  '\u200b',
  '\u2028',
];

const usual = ['C=US', 'ST=WA', 'O=a', 'CN=b', 'OU=c'];

/** A distinguished name as a policy writes it, good or bad. */
export function distinguishedName(random: Random): string {
  const text = random.chance(0.85) ? nearlyRight(random) : random.some(14, () => random.pick(atoms)).join('');
  if (!random.chance(0.06)) return wellFormed(text);
  const at = random.below(text.length + 1);
  return wellFormed(text.slice(0, at) + random.pick(atoms) + text.slice(at));
}

function nearlyRight(random: Random): string {
  const parts = usual
    .filter((_, index) => random.chance(index < 3 ? 0.98 : 0.4))
    .map((part) => {
      const value = random.chance(0.1) ? part.replace(/=.*/, `=${random.pick(values)}`) : part;
      return random.chance(0.92)
        ? value
        : `${random.pick(['', ' ', '  '])}${value}${random.pick(['', ' ', '\\ ', random.pick(atoms)])}`;
    });
  const ordered = random.chance(0.3) ? random.shuffle(parts) : parts;
  return ordered.join(random.sometimes(0.06, () => random.pick([';', '+', ',,']), random.pick([',', ', '])));
}

const values = [
  'US',
  'WA',
  'a',
  'b',
  'a b',
  'ä',
  'a\\, b',
  'a\\+b',
  '\\#a',
  '#61',
  'a\\=b',
  'x\\20',
  '\\ a',
  'DE',
  'a"b',
  '',
];

/** Without halves of characters, which no file of a policy can hold. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}
