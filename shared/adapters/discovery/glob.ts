// SPDX-License-Identifier: Apache-2.0
import { NotaryError } from '../../errors.ts';

/** Repository names have 255 characters; a longer glob is none. */
const maxGlobLength = 512;

/**
 * Whether a name matches a glob: `*` stands for any characters within one component, `**` for any at all, `?` for one
 * character. Throws `input-invalid` for an overlong glob.
 */
export function matchesGlob(glob: string, name: string): boolean {
  if (glob.length > maxGlobLength) {
    throw new NotaryError('input-invalid', `{input:detectInclude}: a glob has more than ${maxGlobLength} characters`);
  }
  return match(tokensOf(glob), name);
}

/** One set of reachable positions per token: linear, whatever the glob (no backtracking). */
function match(tokens: readonly string[], name: string): boolean {
  let positions = new Set([0]);
  for (const token of tokens) {
    const next = new Set<number>();
    for (const position of positions) {
      if (token === '*' || token === '**') {
        for (let end = position; end <= name.length; end++) {
          next.add(end);
          if (token === '*' && name[end] === '/') break;
        }
      } else if (token === '?' ? position < name.length && name[position] !== '/' : name[position] === token) {
        next.add(position + 1);
      }
    }
    positions = next;
  }
  return positions.has(name.length);
}

function tokensOf(glob: string): string[] {
  return glob.match(/\*{2,}|[\s\S]/g)?.map((token) => (token.startsWith('**') ? '**' : token)) ?? [];
}
