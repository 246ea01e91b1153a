import { describe, expect, it } from '@jest/globals';
import { canonicalJson, digestOf } from './canonical-json.js';

describe('canonical JSON', () => {
  it('is the same whatever the order of names, and another for other content', () => {
    expect(canonicalJson({ a: 1, b: [{ c: 2, d: 3 }] })).toBe(canonicalJson({ b: [{ d: 3, c: 2 }], a: 1 }));
    expect(canonicalJson({ a: [1, 2] })).not.toBe(canonicalJson({ a: [2, 1] }));
    expect(canonicalJson({ a: null })).not.toBe(canonicalJson({}));
  });
  it('and its digest stay as they are, since digests are kept for ever', () => {
    const text = '{"a":[1,{"x":null,"y":"张"}],"b":true}';
    expect(canonicalJson({ b: true, a: [1, { y: '张', x: null }] })).toBe(text);
    expect(digestOf(text)).toBe('6589363b7ed68b5cf0904f4aeae8baade3b7f8c3a3fa7453de09eba1680c196a');
  });
});
