import { describe, expect, it } from '@jest/globals';
import { maskEmail, maskIdNumber, maskName, maskPerson, maskPhone, maskText } from './mask.js';

describe('masks', () => {
  it.each([
    ['张三丰', '张**'],
    ['张', '张'],
    ['', ''],
    ['𠮷野', '𠮷*'],
  ])('of the name %s is %s', (name, masked) => expect(maskName(name)).toBe(masked));

  it.each([
    ['11010519491231002X', '110105********002X'],
    ['91430600MA4L1X2Y3Z', '914306********2Y3Z'],
    ['1234567890', '**********'],
    ['', ''],
  ])('of the identity number %s is %s', (id, masked) => expect(maskIdNumber(id)).toBe(masked));

  it.each([
    ['13800001234', '138****1234'],
    ['1234567', '*******'],
  ])('of the phone number %s is %s', (phone, masked) => expect(maskPhone(phone)).toBe(masked));

  it.each([
    ['zhang@example.cn', 'z***@example.cn'],
    ['@example.cn', '***'],
    ['nonsense', '***'],
  ])('of the e-mail address %s is %s', (email, masked) => expect(maskEmail(email)).toBe(masked));

  it('of a person cover everything, and leave out what they do not know', () => {
    const person = { name: '张三', idType: 'resident-id', idNumber: '11010519491231002X', phone: '13800000000' };
    const masked = { name: '张*', idType: 'resident-id', idNumber: '110105********002X', phone: '138****0000' };
    expect(maskPerson(person)).toEqual(masked);
    const more = { ...person, email: 'zhang@example.cn', address: '岳阳市' };
    expect(maskPerson(more)).toEqual({ ...masked, email: 'z***@example.cn' });
  });

  it('finds personal data inside a text and leaves ids alone', () => {
    const id = '018f4e2a-7c3b-7d1e-9a55-138000012345';
    expect(maskText(`11010519491231002X rang 13800001234 (or +86 13800001234) as li.si@example.cn about ${id}`)).toBe(
      `110105********002X rang 138****1234 (or +86********1234) as l***@example.cn about ${id}`,
    );
    expect(maskText('seq 123456789012 of lane 3')).toBe('seq 123456789012 of lane 3');
  });
});
