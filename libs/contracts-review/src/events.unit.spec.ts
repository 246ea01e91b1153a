import { describe, expect, it } from '@jest/globals';
import {
  certificateIssued,
  certificateRevoked,
  localityTasksTopic,
  resultAccepted,
  resultRejected,
  taskClaimed,
  taskDecided,
  taskOffered,
  taskReleased,
  taskWithdrawn,
} from './events.js';

const all = [
  taskClaimed,
  taskReleased,
  taskDecided,
  certificateIssued,
  certificateRevoked,
  taskOffered,
  taskWithdrawn,
  resultAccepted,
  resultRejected,
];

describe.each(all.map((definition) => [definition.type, definition] as const))('%s', (type, definition) => {
  it('has an example that keeps its schema', () => {
    expect(definition.validateStrictly(definition.example)).toEqual([]);
    expect(type).toMatch(/^review\.(task|certificate|result)\.[a-z]+$/);
  });
  it('refuses an event that does not name its task', () => {
    const { taskId: _, ...anonymous } = definition.example;
    expect(definition.validate(anonymous)).not.toEqual([]);
  });
  it('lets readers pass over additions, but not the publisher', () => {
    const later = { ...definition.example, addedLater: 1 };
    expect(definition.validate(later)).toEqual([]);
    expect(definition.validateStrictly(later)).not.toEqual([]);
  });
});

describe('the locality feed', () => {
  it('is one topic per locality', () => {
    expect(localityTasksTopic('371300')).toBe('locality.371300.tasks.v1');
  });
  it('keeps reading answers written before they named the message they answer', () => {
    const { message: _, ...accepted } = resultAccepted.example;
    const { message: __, findings: ___, ...rejected } = resultRejected.example;
    expect(resultAccepted.validate(accepted)).toEqual([]);
    expect(resultRejected.validate(rejected)).toEqual([]);
  });
});
