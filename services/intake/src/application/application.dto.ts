import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import type { Texts } from '@lianban/service-kit/errors';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsEmail,
  IsIn,
  IsObject,
  IsOptional,
  IsUUID,
  Matches,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import type { Application } from './application.js';

const says = (zh: string, en: string) => ({ message: en, context: { zh, en } satisfies Texts });
/** Text without control characters and without blanks at its ends, up to `max` characters. */
const line = (max: number) => new RegExp(`^(?!\\s)[^\\p{Cc}\\p{Cs}\\u2028\\u2029]{1,${max}}(?<!\\s)$`, 'u');

export class SourceDto {
  @ApiProperty({ description: '来源系统编号 id of the source system', example: 'window-430600' })
  @Matches(/^[a-z0-9][a-z0-9._-]{0,63}$/, says('应为来源系统编号', 'must be the id of a source system'))
  system!: string;

  @ApiProperty({ description: '来源系统自己的流水号 its own number', example: 'YY-2026-0001', maxLength: 64 })
  @Matches(
    line(64),
    says('应为 1 至 64 个字符，不含控制字符', 'must have 1 to 64 characters and no control characters'),
  )
  number!: string;
}

export class ApplicantDto {
  @ApiProperty({ example: '张三', maxLength: 100 })
  @Matches(line(100), says('应为 1 至 100 个字符的姓名或名称', 'must be a name of 1 to 100 characters'))
  name!: string;

  @ApiProperty({ enum: ['resident-id', 'uscc'] })
  @IsIn(
    ['resident-id', 'uscc'],
    says('应为 resident-id（居民身份证）或 uscc（统一社会信用代码）', 'must be resident-id or uscc'),
  )
  idType!: 'resident-id' | 'uscc';

  @ApiProperty({ description: '公民身份号码或统一社会信用代码', example: '11010519491231002X' })
  @Matches(/^[0-9A-Za-z]{18}$/, says('应为 18 位数字或字母', 'must have 18 digits or letters'))
  idNumber!: string;

  @ApiProperty({ example: '13800000000' })
  @Matches(
    /^\+?[0-9][0-9 -]{5,18}[0-9]$/,
    says(
      '应为电话号码（7 至 20 位，可含空格和连字符）',
      'must be a telephone number of 7 to 20 digits, spaces, hyphens',
    ),
  )
  phone!: string;

  @ApiPropertyOptional({ maxLength: 200 })
  @IsOptional()
  @MaxLength(200, says('最长 200 个字符', 'must have at most 200 characters'))
  @IsEmail({}, says('应为电子邮箱地址', 'must be an e-mail address'))
  email?: string;
}

export class ApplicationMaterialDto {
  @ApiProperty({ description: '材料种类 kind, as the item names it', example: 'id-card' })
  @Matches(/^[a-z0-9][a-z0-9-]{0,63}$/, says('应为材料种类编号', 'must be the id of a kind of material'))
  kind!: string;

  @ApiProperty({ format: 'uuid', description: '上传后得到的编号 answer of POST /materials' })
  @IsUUID('all', says('应为上传材料时得到的编号', 'must be the id that the upload answered with'))
  materialId!: string;

  @ApiPropertyOptional({ default: false, description: '窗口另收有纸质原件 a paper original lies at the window' })
  @IsOptional()
  @IsBoolean(says('应为 true 或 false', 'must be true or false'))
  original?: boolean;
}

/** Body of `POST /applications` and of a message on `window.intake.v1`. */
export class SubmitApplicationDto {
  @ApiProperty({ type: SourceDto })
  @IsObject(says('应为对象', 'must be an object'))
  @ValidateNested(says('应为对象', 'must be an object'))
  @Type(() => SourceDto)
  source!: SourceDto;

  @ApiProperty({ description: '事项编号', example: 'pension-transfer' })
  @Matches(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, says('应为事项编号', 'must be the id of an item'))
  item!: string;

  @ApiProperty({ description: '收件地，GB/T 2260 六位代码', example: '430600' })
  @Matches(/^[0-9]{6}$/, says('应为六位行政区划代码', 'must be a six-digit division code'))
  receivingLocality!: string;

  @ApiProperty({ type: ApplicantDto })
  @IsObject(says('应为对象', 'must be an object'))
  @ValidateNested(says('应为对象', 'must be an object'))
  @Type(() => ApplicantDto)
  applicant!: ApplicantDto;

  @ApiProperty({
    type: 'object',
    additionalProperties: true,
    description: '申请表，按事项的表单规则 fields as the item’s procedure asks for them',
    example: { origin: '340100', destination: '371300' },
  })
  @IsObject(says('应为对象', 'must be an object'))
  form!: Record<string, unknown>;

  @ApiProperty({ type: [ApplicationMaterialDto], maxItems: 50 })
  @IsArray(says('应为列表', 'must be a list'))
  @ArrayMaxSize(50, says('最多 50 件', 'must have at most 50 entries'))
  // A list among the entries would be looked into instead of being refused.
  @IsObject({ each: true, ...says('每项应为对象', 'must have objects as entries') })
  @ValidateNested({ each: true, ...says('每项应为对象', 'must have objects as entries') })
  @Type(() => ApplicationMaterialDto)
  materials!: ApplicationMaterialDto[];
}

/** The application in one normal form: what is left out and what is given as the default are the same. */
export function toApplication({
  source,
  item,
  receivingLocality,
  applicant,
  form,
  materials,
}: SubmitApplicationDto): Application {
  return {
    source: { system: source.system, number: source.number },
    item,
    receivingLocality,
    applicant: {
      name: applicant.name,
      idType: applicant.idType,
      idNumber: applicant.idNumber.toUpperCase(),
      phone: applicant.phone,
      ...(applicant.email == null ? {} : { email: applicant.email }),
    },
    form,
    materials: materials.map(({ kind, materialId, original }) => ({
      kind,
      materialId: materialId.toLowerCase(),
      original: original ?? false,
    })),
  };
}
