import { ParseUUIDPipe } from '@nestjs/common';
import { taskNotFound } from './task.errors.js';

/** An id that is none names no task. */
export const TaskId = new ParseUUIDPipe({ exceptionFactory: () => taskNotFound() });
