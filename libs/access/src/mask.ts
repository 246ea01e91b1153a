/** Masks personal data for lists, logs, events to outsiders and errors (个人信息保护法 28–30). What is kept is what a clerk needs to tell two files apart. */

/** 张三丰 → 张**; empty stays empty. */
export const maskName = (name: string): string => {
  const [first = '', ...rest] = [...name];
  return first + '*'.repeat(rest.length);
};

/** Keeps the six digits of the division code and the last four characters: 110105********002X. Shorter than eleven characters: all masked. */
export const maskIdNumber = (id: string): string =>
  id.length < 11 ? '*'.repeat(id.length) : id.slice(0, 6) + '*'.repeat(id.length - 10) + id.slice(-4);

/** 13800001234 → 138****1234. Shorter than eight characters: all masked. */
export const maskPhone = (phone: string): string =>
  phone.length < 8 ? '*'.repeat(phone.length) : phone.slice(0, 3) + '*'.repeat(phone.length - 7) + phone.slice(-4);

/** zhang@example.cn → z***@example.cn. */
export const maskEmail = (email: string): string => {
  const at = email.lastIndexOf('@');
  return at < 1 ? '***' : `${email[0]}***${email.slice(at)}`;
};

/** Who applies. `IdType` says what kind of number identifies them. */
interface Person<IdType> {
  name: string;
  idType: IdType;
  idNumber: string;
  phone: string;
  email?: string;
}

/** A person with everything masked that names or reaches them. A field that is not known here is left out. */
export const maskPerson = <IdType>({ name, idType, idNumber, phone, email }: Person<IdType>): Person<IdType> => ({
  name: maskName(name),
  idType,
  idNumber: maskIdNumber(idNumber),
  phone: maskPhone(phone),
  ...(email === undefined ? {} : { email: maskEmail(email) }),
});

const ID_NUMBER_IN_TEXT = /(?<![\w-])(?:\d{17}[\dXx]|\d{15})(?![\w-])/g;
const PHONE_IN_TEXT = /(?<![\w-])(?:\+?86[- ]?)?1[3-9]\d{9}(?![\w-])/g;
const EMAIL_IN_TEXT = /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g;

/** Masks what looks like an identity number, a mobile phone number or an e-mail address inside a free text such as an error message. */
export const maskText = (text: string): string =>
  text.replace(ID_NUMBER_IN_TEXT, maskIdNumber).replace(PHONE_IN_TEXT, maskPhone).replace(EMAIL_IN_TEXT, maskEmail);
