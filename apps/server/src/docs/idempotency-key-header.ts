import { ApiHeader } from '@nestjs/swagger';

export const IdempotencyKeyHeader = (): MethodDecorator =>
  ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    description:
      'Names this request, 1 to 255 visible ASCII characters. Sent again, it gets the same answer with `idempotent-replayed: true`, and nothing is billed twice.',
  });
