import * as z from 'zod';
import { ERROR_CODES, type ErrorCode } from '../error-codes.ts';
import { SHA256 } from './digest.ts';

/** One thing that is wrong, as the API shows it. */
export const problemSchema = z
  .object({
    code: z.enum(Object.keys(ERROR_CODES) as [ErrorCode, ...ErrorCode[]]).describe('Stable; see docs/errors.md.'),
    message: z.string().describe('What was found, what is allowed and what to do. For people: it may change.'),
    path: z.string().optional().describe('The field, file or entry that it is about.'),
  })
  .meta({ id: 'ProblemItem', description: 'One thing that is wrong.' });

export const timeSchema = z.iso.datetime().describe('ISO 8601, UTC.');
export const digestSchema = z.string().regex(SHA256).describe('SHA-256 in lower-case hex.');
