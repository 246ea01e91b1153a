/** Every HTTP route needs a token but those marked `@Public()`; `@May(action)` adds the role-level question of the policy. */
import {
  createParamDecorator,
  type CanActivate,
  type ExecutionContext,
  ForbiddenException,
  Injectable,
  SetMetadata,
  UnauthorizedException,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Actor } from './actor.js';
import { may, type Action } from './policy.js';
import { bearer, TokenRefused, type Verifier } from './verify.js';

const PUBLIC = 'lianban:public';
const ACTION = 'lianban:action';

/** The route answers without a token: health, metrics, API description. */
export const Public = () => SetMetadata(PUBLIC, true);
/** The route asks the policy whether the actor's roles may do `action` at all; the handler still asks about the very resource. */
export const May = (action: Action) => SetMetadata(ACTION, action);
/** The actor of the request. */
export const CurrentActor = createParamDecorator(
  (_: unknown, context: ExecutionContext): Actor => context.switchToHttp().getRequest<{ actor: Actor }>().actor,
);

@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly verify: Verifier,
    private readonly reflector: Reflector,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (context.getType() !== 'http') return true;
    const targets = [context.getHandler(), context.getClass()];
    if (this.reflector.getAllAndOverride<boolean | undefined>(PUBLIC, targets)) return true;
    const request = context.switchToHttp().getRequest<{ headers: Record<string, string | undefined>; actor?: Actor }>();
    try {
      request.actor = await this.verify(bearer(request.headers.authorization));
    } catch (error) {
      if (error instanceof TokenRefused) throw new UnauthorizedException();
      throw error;
    }
    const action = this.reflector.getAllAndOverride<Action | undefined>(ACTION, targets);
    // A route that names no action is closed: forgetting the mark must not open it.
    if (action === undefined || !may(request.actor, action)) throw new ForbiddenException();
    return true;
  }
}
