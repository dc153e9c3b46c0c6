/* What the managed code cannot ask the processor for when it is compiled ahead of time: SHA-256 of many messages at once, and the gear scan by
 * vectors (docs/adr/0030-native-simd.md). No allocation, no state, no error: every function is pure and may be called from any thread.
 * The caller is Interop/Simd.cs; whoever calls that has a managed way beside it, for processors without these instructions.
 *
 *   SHA-256 (FIPS 180-4)   the processor's sha256rnds2 answers after 4 cycles and could start another after 2, and each needs the one before it.
 *                          Two independent messages fill the gap. A third and a fourth run out of registers (measured: slower).
 *                          Sixteen side by side, a word of each in every vector of AVX-512, are twice as fast again, where that many are there.
 *   gear scan              docs/store-format.md, Trees; the sum over 2^n bytes is the sum over 2^(n-1) bytes and, shifted, the same sum as many bytes
 *                          earlier. One source for every width: the compiler makes AVX2 and AVX-512 of it, so a test of one is a test of the algorithm of both.
 *
 * For clang, which programs compiled ahead of time need anyway: gcc 12 makes an eighth of the speed of the same vectors (measured).
 */
#include <cpuid.h>
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))
#define INLINE static inline __attribute__((always_inline))

enum { FEATURE_SHA = 1, FEATURE_AVX2 = 2, FEATURE_AVX512 = 4 };

/* Which of the ways below this processor has; the operating system's part (that it saves wide registers) included. */
EXPORT uint32_t asl_simd_features(void)
{
    unsigned a, b, c, d;
    uint32_t features = 0;
    __builtin_cpu_init();
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & (1u << 29)) && __builtin_cpu_supports("sse4.1"))
        features |= FEATURE_SHA;
    if (__builtin_cpu_supports("avx2"))
        features |= FEATURE_AVX2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        features |= FEATURE_AVX512;
    return features;
}

/* ---- SHA-256 ---- */

typedef struct {
    const uint8_t *data;
    uint64_t length;
    uint8_t *digest; /* 32 bytes */
} asl_message;

static const uint32_t round_constants[64] __attribute__((aligned(16))) = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static const uint32_t initial_state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

enum { BLOCK = 64, LANES = 2, MANY = 16, MANY_WORTH = 9 };

/* A message on its way: whole blocks of its own bytes first, then one or two of padding. Without a message it is the stream, which has no end. */
typedef struct {
    uint32_t state[8];
    const uint8_t *next;
    uint64_t blocks;
    const asl_message *message;
    uint32_t *stream;
    uint64_t tail_blocks;
    uint8_t tail[2 * BLOCK];
} lane;

/* `count` lanes, 1 or 2, by as many blocks as each of them has at least. */
__attribute__((target("sha,sse4.1"))) INLINE void compress(lane *const *lanes, int count, uint64_t blocks)
{
    const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0bULL, 0x0405060700010203ULL);
    __m128i abef[LANES], cdgh[LANES], abef_before[LANES], cdgh_before[LANES], words[LANES][4];
    const uint8_t *next[LANES];
    for (int i = 0; i < count; i++) {
        __m128i low = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)lanes[i]->state), 0xB1);
        __m128i high = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(lanes[i]->state + 4)), 0x1B);
        abef[i] = _mm_alignr_epi8(low, high, 8);
        cdgh[i] = _mm_blend_epi16(high, low, 0xF0);
        next[i] = lanes[i]->next;
    }
    for (uint64_t block = 0; block < blocks; block++) {
        for (int i = 0; i < count; i++) {
            abef_before[i] = abef[i];
            cdgh_before[i] = cdgh[i];
        }
#pragma GCC unroll 16
        for (int group = 0; group < 16; group++) {
#pragma GCC unroll 2
            for (int i = 0; i < count; i++) {
                __m128i *w = words[i];
                if (group < 4) {
                    w[group] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(next[i] + 16 * group)), swap);
                } else {
                    __m128i sum = _mm_sha256msg1_epu32(w[group & 3], w[(group + 1) & 3]);
                    sum = _mm_add_epi32(sum, _mm_alignr_epi8(w[(group + 3) & 3], w[(group + 2) & 3], 4));
                    w[group & 3] = _mm_sha256msg2_epu32(sum, w[(group + 3) & 3]);
                }
                __m128i input = _mm_add_epi32(w[group & 3], _mm_load_si128((const __m128i *)(round_constants + 4 * group)));
                cdgh[i] = _mm_sha256rnds2_epu32(cdgh[i], abef[i], input);
                abef[i] = _mm_sha256rnds2_epu32(abef[i], cdgh[i], _mm_shuffle_epi32(input, 0x0E));
            }
        }
        for (int i = 0; i < count; i++) {
            abef[i] = _mm_add_epi32(abef[i], abef_before[i]);
            cdgh[i] = _mm_add_epi32(cdgh[i], cdgh_before[i]);
            next[i] += BLOCK;
        }
    }
    for (int i = 0; i < count; i++) {
        __m128i low = _mm_shuffle_epi32(abef[i], 0x1B), high = _mm_shuffle_epi32(cdgh[i], 0xB1);
        _mm_storeu_si128((__m128i *)lanes[i]->state, _mm_blend_epi16(low, high, 0xF0));
        _mm_storeu_si128((__m128i *)(lanes[i]->state + 4), _mm_alignr_epi8(high, low, 8));
        lanes[i]->next = next[i];
        lanes[i]->blocks -= blocks;
    }
}

__attribute__((target("sha,sse4.1"))) static void compress_one(lane *const *lanes, uint64_t blocks) { compress(lanes, 1, blocks); }
__attribute__((target("sha,sse4.1"))) static void compress_two(lane *const *lanes, uint64_t blocks) { compress(lanes, 2, blocks); }

static void begin(lane *to, const asl_message *message)
{
    const uint64_t rest = message->length % BLOCK, bits = message->length * 8;
    memcpy(to->state, initial_state, sizeof initial_state);
    to->next = message->data;
    to->blocks = message->length / BLOCK;
    to->message = message;
    to->stream = 0;
    to->tail_blocks = rest + 9 > BLOCK ? 2 : 1;
    memset(to->tail, 0, sizeof to->tail);
    if (rest)
        memcpy(to->tail, message->data + message->length - rest, rest);
    to->tail[rest] = 0x80;
    for (int i = 0; i < 8; i++)
        to->tail[to->tail_blocks * BLOCK - 1 - i] = (uint8_t)(bits >> (8 * i));
}

static void end(const lane *from)
{
    if (from->stream) {
        memcpy(from->stream, from->state, sizeof from->state);
        return;
    }
    for (int i = 0; i < 8; i++) {
        const uint32_t word = __builtin_bswap32(from->state[i]);
        memcpy(from->message->digest + 4 * i, &word, 4);
    }
}

/* Gives a lane something to do; 0 when there is nothing left. */
static int advance(lane *one, const asl_message **next, const asl_message *last)
{
    for (;;) {
        if (one->blocks)
            return 1;
        if (one->tail_blocks) {
            one->next = one->tail;
            one->blocks = one->tail_blocks;
            one->tail_blocks = 0;
            return 1;
        }
        if (one->message || one->stream) {
            end(one);
            one->message = 0;
            one->stream = 0;
        }
        if (*next == last)
            return 0;
        begin(one, (*next)++);
    }
}

/* Takes lanes that have something to do, and the messages after theirs, to their end, two at a time. */
static void finish(lane **lanes, int count, const asl_message *next, const asl_message *last)
{
    while (count > 1) {
        lane **both = lanes + count - 2;
        compress_two(both, both[0]->blocks < both[1]->blocks ? both[0]->blocks : both[1]->blocks);
        const int has_first = advance(both[0], &next, last), has_second = advance(both[1], &next, last);
        if (!has_second)
            count--;
        if (!has_first) {
            both[0] = both[1];
            count--;
        }
    }
    for (int has = count; has; has = advance(lanes[0], &next, last))
        compress_one(lanes, lanes[0]->blocks);
}

/* The SHA-256 of each message, and beside them, when `state` is not null, the state of a longer one carried on over `blocks` blocks at `stream`.
 * Needs FEATURE_SHA. */
EXPORT void asl_sha256(const asl_message *messages, uint64_t count, uint32_t *state, const uint8_t *stream, uint64_t blocks)
{
    lane lanes[LANES] = {0}, *busy[LANES];
    const asl_message *next = messages, *const last = messages + count;
    if (state) {
        memcpy(lanes[0].state, state, sizeof lanes[0].state);
        lanes[0].stream = state;
        lanes[0].next = stream;
        lanes[0].blocks = blocks;
    }
    int active = 0;
    for (int i = 0; i < LANES; i++)
        if (advance(&lanes[i], &next, last))
            busy[active++] = &lanes[i];
    finish(busy, active, next, last);
}

/* ---- SHA-256 of sixteen messages at once ---- */

#define ADD(x, y) _mm512_add_epi32(x, y)
#define ROTATE(x, n) _mm512_ror_epi32(x, n)
#define XOR(x, y, z) _mm512_ternarylogic_epi32(x, y, z, 0x96)
/* A sum as it is written: the compiler knows that sums commute, and does not know which of their terms comes last. */
#define AS_WRITTEN(x) __extension__({ __m512i sum = (x); __asm__("" : "+v"(sum)); sum; })

/* Rows of 16 words become columns. */
__attribute__((target("avx512f,avx512bw"))) INLINE void transpose(__m512i *w)
{
    __m512i t[MANY];
    for (int i = 0; i < MANY; i += 2) {
        t[i] = _mm512_unpacklo_epi32(w[i], w[i + 1]);
        t[i + 1] = _mm512_unpackhi_epi32(w[i], w[i + 1]);
    }
    for (int i = 0; i < MANY; i += 4)
        for (int j = 0; j < 2; j++) {
            w[i + 2 * j] = _mm512_unpacklo_epi64(t[i + j], t[i + j + 2]);
            w[i + 2 * j + 1] = _mm512_unpackhi_epi64(t[i + j], t[i + j + 2]);
        }
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < MANY; j += 8) {
            t[i + j] = _mm512_shuffle_i32x4(w[i + j], w[i + j + 4], 0x88);
            t[i + j + 4] = _mm512_shuffle_i32x4(w[i + j], w[i + j + 4], 0xdd);
        }
    for (int i = 0; i < 8; i++) {
        w[i] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88);
        w[i + 8] = _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd);
    }
}

/* Word i of all lanes is state[i]. A lane goes on by step[i] bytes a block: 64, or 0 when it has nothing to do. */
__attribute__((target("avx512f,avx512bw"))) static void compress_many(__m512i *state, const uint8_t **next, const uint64_t *step, uint64_t blocks)
{
    const __m512i swap = _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d0e0f08090a0bULL, 0x0405060700010203ULL));
    __m512i a = state[0], b = state[1], c = state[2], d = state[3], e = state[4], f = state[5], g = state[6], h = state[7], w[MANY];
    for (uint64_t block = 0; block < blocks; block++) {
        for (int i = 0; i < MANY; i++) {
            w[i] = _mm512_shuffle_epi8(_mm512_loadu_si512(next[i]), swap);
            next[i] += step[i];
        }
        transpose(w);
        /* Sixteen rounds are what the processor's cache of decoded instructions likes best (measured). */
#pragma clang loop unroll(disable)
        for (int group = 0; group < 64; group += MANY) {
#pragma clang loop unroll(full)
            for (int i = 0; i < MANY; i++) {
                /* Each of these answers after two cycles. So that a round takes six of them, what comes last into e is what takes longest. */
                const __m512i input = ADD(h, ADD(w[i], _mm512_set1_epi32((int)round_constants[group + i])));
                const __m512i choice = _mm512_ternarylogic_epi32(e, f, g, 0xca), majority = _mm512_ternarylogic_epi32(a, b, c, 0xe8);
                const __m512i of_e = XOR(ROTATE(e, 6), ROTATE(e, 11), ROTATE(e, 25)), of_a = XOR(ROTATE(a, 2), ROTATE(a, 13), ROTATE(a, 22));
                const __m512i next_e = ADD(AS_WRITTEN(ADD(choice, AS_WRITTEN(ADD(d, input)))), of_e);
                const __m512i sum = AS_WRITTEN(ADD(AS_WRITTEN(ADD(AS_WRITTEN(ADD(choice, input)), of_e)), majority));
                h = g, g = f, f = e, e = AS_WRITTEN(next_e), d = c, c = b, b = a, a = ADD(sum, of_a);
                if (group < 48) {
                    const __m512i x = w[(i + 1) % MANY], y = w[(i + 14) % MANY];
                    /* Words of this group that come later are still of the group before. */
                    w[i] = ADD(ADD(w[i], w[(i + 9) % MANY]),
                               ADD(XOR(ROTATE(x, 7), ROTATE(x, 18), _mm512_srli_epi32(x, 3)), XOR(ROTATE(y, 17), ROTATE(y, 19), _mm512_srli_epi32(y, 10))));
                }
            }
        }
        a = state[0] = ADD(a, state[0]), b = state[1] = ADD(b, state[1]), c = state[2] = ADD(c, state[2]), d = state[3] = ADD(d, state[3]);
        e = state[4] = ADD(e, state[4]), f = state[5] = ADD(f, state[5]), g = state[6] = ADD(g, state[6]), h = state[7] = ADD(h, state[7]);
    }
}

/* The SHA-256 of each message, sixteen at a time while there are enough to be faster than two at a time. Needs FEATURE_SHA and FEATURE_AVX512. */
EXPORT void asl_sha256_many(const asl_message *messages, uint64_t count)
{
    static const uint8_t nothing[BLOCK];
    union {
        __m512i vectors[8];
        uint32_t words[8][MANY];
    } state = {0};
    lane lanes[MANY] = {0}, *busy[MANY];
    const uint8_t *at[MANY];
    uint64_t step[MANY] = {0};
    const asl_message *next = messages, *const last = messages + count;
    int active = 0;
    for (int i = 0; i < MANY; i++) {
        at[i] = nothing;
        if (!advance(&lanes[i], &next, last))
            continue;
        for (int word = 0; word < 8; word++)
            state.words[word][i] = lanes[i].state[word];
        at[i] = lanes[i].next;
        step[i] = BLOCK;
        active++;
    }
    while (active >= MANY_WORTH) {
        uint64_t blocks = UINT64_MAX;
        for (int i = 0; i < MANY; i++)
            if (step[i] && lanes[i].blocks < blocks)
                blocks = lanes[i].blocks;
        compress_many(state.vectors, at, step, blocks);
        for (int i = 0; i < MANY; i++) {
            if (!step[i] || (lanes[i].blocks -= blocks))
                continue;
            for (int word = 0; word < 8; word++)
                lanes[i].state[word] = state.words[word][i];
            if (!advance(&lanes[i], &next, last)) {
                at[i] = nothing;
                step[i] = 0;
                active--;
                continue;
            }
            for (int word = 0; word < 8; word++)
                state.words[word][i] = lanes[i].state[word];
            at[i] = lanes[i].next;
        }
    }
    int left = 0;
    for (int i = 0; i < MANY; i++) {
        if (!step[i])
            continue;
        for (int word = 0; word < 8; word++)
            lanes[i].state[word] = state.words[word][i];
        lanes[i].next = at[i];
        busy[left++] = &lanes[i];
    }
    finish(busy, left, next, last);
}

/* ---- the gear scan ---- */

enum { WINDOW = 32, WIDE = 16 };
typedef uint32_t wide __attribute__((vector_size(4 * WIDE)));
typedef int32_t wide_signed __attribute__((vector_size(4 * WIDE)));
typedef uint8_t narrow __attribute__((vector_size(WIDE)));

/* The lanes `n` earlier: of `now`, and where that begins, of what came before it. */
#define EARLIER(now, before, n) __builtin_shufflevector(before, now, \
    16 - n, 17 - n, 18 - n, 19 - n, 20 - n, 21 - n, 22 - n, 23 - n, 24 - n, 25 - n, 26 - n, 27 - n, 28 - n, 29 - n, 30 - n, 31 - n)

INLINE int64_t find(const uint8_t *data, int64_t start, int64_t end, uint32_t threshold)
{
    wide sum1 = {0}, sum2 = {0}, sum4 = {0}, sum8 = {0}, sum16 = {0};
    /* The first two vectors only fill the sums: the last lane of the second is the first that has seen 32 bytes. */
    int64_t index = start - WINDOW + 1;
    for (; index + WIDE <= end; index += WIDE) {
        narrow bytes;
        memcpy(&bytes, data + index, sizeof bytes);
        wide gear = (__builtin_convertvector(bytes, wide) + 1) * 0x9E3779B1u;
        gear = (gear ^ (gear >> 15)) * 0x85EBCA77u;
        gear = (gear ^ (gear >> 13)) * 0xC2B2AE3Du;
        const wide now2 = gear + (EARLIER(gear, sum1, 1) << 1);
        const wide now4 = now2 + (EARLIER(now2, sum2, 2) << 2);
        const wide now8 = now4 + (EARLIER(now4, sum4, 4) << 4);
        const wide now16 = now8 + (EARLIER(now8, sum8, 8) << 8);
        const wide hash = now16 + (sum16 << 16);
        sum1 = gear, sum2 = now2, sum4 = now4, sum8 = now8, sum16 = now16;
        const wide_signed below = hash < threshold;
        if (__builtin_expect(__builtin_reduce_or(below) != 0, 0))
            for (int i = 0; i < WIDE; i++)
                if (below[i] && index + i >= start)
                    return index + i;
    }
    /* What is left is shorter than a vector. */
    int64_t from = index > start ? index : start;
    uint32_t hash = 0;
    for (int64_t i = from - WINDOW + 1; i < end; i++) {
        uint32_t gear = (data[i] + 1u) * 0x9E3779B1u;
        gear = (gear ^ (gear >> 15)) * 0x85EBCA77u;
        gear = (gear ^ (gear >> 13)) * 0xC2B2AE3Du;
        hash = (hash << 1) + gear;
        if (i >= from && hash < threshold)
            return i;
    }
    return -1;
}

/* The first index from `start` (at least 31) on, before `end`, at which the hash is below the threshold; -1 when there is none. */
__attribute__((target("avx2"))) EXPORT int64_t asl_gear_avx2(const uint8_t *data, int64_t start, int64_t end, uint32_t threshold)
{
    return find(data, start, end, threshold);
}

__attribute__((target("avx512f,avx512bw,avx512vl"))) EXPORT int64_t asl_gear_avx512(const uint8_t *data, int64_t start, int64_t end, uint32_t threshold)
{
    return find(data, start, end, threshold);
}
