import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length } from 'class-validator';
import { type Outcome, OUTCOMES, type Verdict } from '../task.js';

/** Longest text a decision carries, in characters. */
const MAX_TEXT = 2000;

/** A decision as a body sends it. */
export class DecideTaskBody {
  @ApiProperty({ enum: OUTCOMES })
  @IsIn(OUTCOMES)
  outcome!: Outcome;

  @ApiPropertyOptional({ minLength: 1, maxLength: MAX_TEXT, description: 'Needed for a refusal' })
  @IsOptional()
  @IsString()
  @Length(1, MAX_TEXT)
  reason?: string | null;

  @ApiPropertyOptional({ minLength: 1, maxLength: MAX_TEXT, description: "The body's own file number" })
  @IsOptional()
  @IsString()
  @Length(1, MAX_TEXT)
  reference?: string | null;
}

export const verdictOf = ({ outcome, reason, reference }: DecideTaskBody): Verdict => ({
  outcome,
  reason: reason ?? null,
  reference: reference ?? null,
});
