import { IsUUID } from 'class-validator';
import { DecideTaskBody } from '../decide-task/decide-task.body.js';

/** A message on `backoffice.results.v1`: the decision over HTTP, and the task it is about. */
export class ResultMessage extends DecideTaskBody {
  @IsUUID('all')
  taskId!: string;
}
