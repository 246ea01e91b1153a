import { Injectable } from '@nestjs/common';

/** Lets a request wake the loop that carries out what it has just stored; without it the loop looks a moment later by itself. */
@Injectable()
export class Wake {
  posting: () => void = () => undefined;
}
