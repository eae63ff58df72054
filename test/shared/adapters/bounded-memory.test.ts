// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { BoundedMemory } from '../../../shared/adapters/bounded-memory.ts';

describe('BoundedMemory', () => {
  it('drops the oldest values when a new one does not fit', () => {
    const memory = new BoundedMemory<string>(10);
    memory.set('a', 'A', 4);
    memory.set('b', 'B', 4);
    memory.set('c', 'C', 2);
    expect(['a', 'b', 'c'].map((key) => memory.get(key))).toEqual(['A', 'B', 'C']);
    memory.set('d', 'D', 5);
    expect(['a', 'b', 'c', 'd'].map((key) => memory.get(key))).toEqual([undefined, undefined, 'C', 'D']);
  });

  it('replaces a value, and counts its size once', () => {
    const memory = new BoundedMemory<string>(10);
    memory.set('a', 'A', 6);
    memory.set('a', 'AA', 6);
    memory.set('b', 'B', 4);
    expect([memory.get('a'), memory.get('b')]).toEqual(['AA', 'B']);
  });

  it('does not keep what is larger than everything', () => {
    const memory = new BoundedMemory<string>(10);
    memory.set('a', 'A', 6);
    memory.set('b', 'B', 11);
    expect([memory.get('a'), memory.get('b')]).toEqual(['A', undefined]);
    memory.set('a', 'too large', 11);
    expect(memory.get('a')).toBeUndefined();
  });
});
