import type { Actor } from '@lianban/access/actor';
import { may } from '@lianban/access/policy';
import type { Database } from '@lianban/eventing/database';
import { materialNotFound } from './material.errors.js';
import type { MediaType } from './media-type.js';

/** An uploaded material without its bytes. `sha256` is hex, `size` in bytes; `locality`: who uploaded it. */
export interface Material {
  id: string;
  locality: string;
  fileName: string | null;
  mediaType: MediaType;
  size: number;
  sha256: string;
  uploadedAt: Date;
}

export async function insertMaterial(database: Database, material: Material, uploadedBy: string): Promise<void> {
  await database.query({
    name: 'material-insert',
    text: `insert into material (id, locality, uploaded_by, file_name, media_type, size, sha256, uploaded_at) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    values: [
      material.id,
      material.locality,
      uploadedBy,
      material.fileName,
      material.mediaType,
      material.size,
      material.sha256,
      material.uploadedAt,
    ],
  });
}

/**
 * The material, if there is one and the actor may read it: whoever belongs to the locality that uploaded it, or to one whose bodies work on an
 * application that uses it. Otherwise `material.not-found`.
 */
export async function getReadableMaterial(database: Database, actor: Actor, id: string): Promise<Material> {
  const [row] = await database.query<Omit<Material, 'size'> & { size: string; localities: string[] }>({
    name: 'material-view',
    text: `select id, locality, file_name as "fileName", media_type as "mediaType", size, sha256, uploaded_at as "uploadedAt",
        locality || array(select unnest(party_localities) from application_material join application using (case_id) where material_id = material.id) as localities
      from material where id = $1`,
    values: [id],
  });
  if (!row || !may(actor, 'material.read', { localities: row.localities })) throw materialNotFound();
  const { localities: _, size, ...material } = row;
  return { ...material, size: Number(size) };
}
