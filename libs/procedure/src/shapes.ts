/** The nouns the engine handles. Structurally those of the published contracts, which this pure package does not import. */

export interface Bilingual {
  zh: string;
  en: string;
}

/** `code`: six digits of GB/T 2260. */
export interface LocalityRef {
  code: string;
  name: Bilingual;
}

export interface BodyRef {
  id: string;
  name: Bilingual;
  function: string;
  locality: LocalityRef;
}

/** One end of a parcel's way: the receiving window or a body. */
export interface Place {
  kind: 'window' | 'body';
  locality: LocalityRef;
  body: BodyRef | null;
}

/** A document a step produces; with `certificate` it is issued under a number that begins with `prefix`. */
export interface Product {
  document: Bilingual;
  certificate: { kind: string; prefix: string } | null;
}

/** One fault. `path` is a JSON pointer into what was checked; `code` is stable. */
export interface Finding {
  code: string;
  path: string;
  message: Bilingual;
}
