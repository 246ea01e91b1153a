// A spec may use the test helpers (so this line is fine), but never another service.
import '@lianban/testing/postgres';
import '@lianban/review/main';
