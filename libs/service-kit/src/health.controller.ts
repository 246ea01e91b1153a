import { Controller, Get, Header, HttpCode, Inject, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from '@lianban/access/guard';
import type { FastifyReply } from 'fastify';
import { Health } from './health.js';
import { METRICS } from './tokens.js';
import type { Metrics } from './metrics.js';

/** For whoever runs the service. Public, and therefore without any data of a case. */
@ApiExcludeController()
@Public()
@Controller()
export class HealthController {
  constructor(
    @Inject(Health) private readonly health: Health,
    @Inject(METRICS) private readonly metrics: Metrics,
  ) {}

  /** 503 means that only a restart helps. */
  @Get('health/live')
  @HttpCode(200)
  async live(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const faults = await this.health.fatalFaults();
    void reply.status(faults.length === 0 ? 200 : 503).header('cache-control', 'no-store');
    return { status: faults.length === 0 ? 'live' : 'stuck', faults };
  }

  /** 503 lists what is missing. */
  @Get('health/ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<object> {
    const missing = await this.health.missing();
    void reply.status(missing.length === 0 ? 200 : 503).header('cache-control', 'no-store');
    return { status: missing.length === 0 ? 'ready' : 'not-ready', missing };
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  async read(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}
