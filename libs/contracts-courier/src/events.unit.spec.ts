import { describe, expect, it } from '@jest/globals';
import { parcelEvents } from './events.js';

describe.each(parcelEvents.map((definition) => [definition.type, definition] as const))('%s', (type, definition) => {
  it('has an example that keeps its schema', () => {
    expect(definition.validateStrictly(definition.example)).toEqual([]);
    expect(type).toMatch(/^courier\.parcel\.[a-z]+$/);
  });
  it('refuses an event without its parcel, or with an attempt that is none', () => {
    const { parcelId: _, ...anonymous } = definition.example;
    expect(definition.validate(anonymous)).not.toEqual([]);
    expect(definition.validate({ ...definition.example, attempt: 0 })).not.toEqual([]);
  });
  it('lets readers pass over additions, but not the publisher', () => {
    const later = { ...definition.example, addedLater: 1 };
    expect(definition.validate(later)).toEqual([]);
    expect(definition.validateStrictly(later)).not.toEqual([]);
  });
});
