import { ParseUUIDPipe } from '@nestjs/common';
import { certificateNotFound } from './certificate.errors.js';

/** An id that is none names no certificate. */
export const CertificateId = new ParseUUIDPipe({ exceptionFactory: () => certificateNotFound() });
