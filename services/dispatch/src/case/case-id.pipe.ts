import { ParseUUIDPipe } from '@nestjs/common';
import { caseNotFound } from './case.errors.js';

/** An id that is none names no case. */
export const CaseId = new ParseUUIDPipe({ exceptionFactory: () => caseNotFound() });
