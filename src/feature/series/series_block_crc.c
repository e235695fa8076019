/* CRC-32C: by the processor's instruction where there is one (eight bytes in three cycles), else by table. */
#include "feature/series/series_block_impl.h"

u32 block_crc_portable(const u8 *p, size_t n)
{
    static const u32 nibble[16] = { 0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
                                    0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
                                    0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75 };
    u32 crc = ~0u;
    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        crc = crc >> 4 ^ nibble[crc & 15];
        crc = crc >> 4 ^ nibble[crc & 15];
    }
    return ~crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static u32 crc_sse42(const u8 *p, size_t n)
{
    u64 crc = ~0u;
    for (; n >= 8; n -= 8, p += 8) crc = __builtin_ia32_crc32di(crc, load_u64(p));
    for (; n; n--, p++) crc = __builtin_ia32_crc32qi((u32)crc, *p);
    return ~(u32)crc;
}

u32 block_crc(const u8 *p, size_t n)
{
    return __builtin_cpu_supports("sse4.2") ? crc_sse42(p, n) : block_crc_portable(p, n);
}
#else
u32 block_crc(const u8 *p, size_t n) { return block_crc_portable(p, n); }
#endif
