//go:build !purego

#include "go_asm.h"
#include "textflag.h"

DATA octets<>+0(SB)/1, $'\n'
DATA octets<>+1(SB)/1, $':'
DATA octets<>+2(SB)/1, $'\\'
DATA octets<>+3(SB)/1, $14
GLOBL octets<>(SB), RODATA|NOPTR, $4

DATA contentLength<>+0(SB)/8, $"content-"
DATA contentLength<>+8(SB)/8, $"t-length"
GLOBL contentLength<>(SB), RODATA|NOPTR, $16

// CONSTANTS loads what MARKS compares with.
#define CONSTANTS \
	VPBROADCASTB octets<>+0(SB), Y2 \
	VPBROADCASTB octets<>+1(SB), Y3 \
	VPBROADCASTB octets<>+2(SB), Y4 \
	VPBROADCASTB octets<>+3(SB), Y5

// MARKS sets the masks of the block of which Y0 has the first half and Y1 the
// second: lf, colon, and special with the bits of LF. The comparison with 14 is a
// signed one and so finds the octets above 127 too.
#define MARKS(lf, colon, special, tmp) \
	VPCMPEQB  Y0, Y2, Y6     \
	VPCMPEQB  Y1, Y2, Y7     \
	VPCMPEQB  Y0, Y3, Y8     \
	VPCMPEQB  Y1, Y3, Y9     \
	VPMOVMSKB Y6, lf         \
	VPMOVMSKB Y7, tmp        \
	SHLQ      $32, tmp       \
	ORQ       tmp, lf        \
	VPMOVMSKB Y8, colon      \
	VPMOVMSKB Y9, tmp        \
	SHLQ      $32, tmp       \
	ORQ       tmp, colon     \
	VPCMPEQB  Y0, Y4, Y6     \
	VPCMPEQB  Y1, Y4, Y7     \
	VPCMPGTB  Y0, Y5, Y8     \
	VPCMPGTB  Y1, Y5, Y9     \
	VPOR      Y6, Y8, Y6     \
	VPOR      Y7, Y9, Y7     \
	VPMOVMSKB Y6, special    \
	VPMOVMSKB Y7, tmp        \
	SHLQ      $32, tmp       \
	ORQ       tmp, special

// func markAVX2(dst *masks, octets *[blockSize]byte)
TEXT ·markAVX2(SB), NOSPLIT, $0-16
	MOVQ    dst+0(FP), DI
	MOVQ    octets+8(FP), SI
	CONSTANTS
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	MARKS(R8, R11, DX, BX)
	VZEROUPPER
	XORQ    R8, DX
	MOVQ    R8, masks_lf(DI)
	MOVQ    R11, masks_colon(DI)
	MOVQ    DX, masks_special(DI)
	RET

// func walkAVX2(b *block, data *byte, n int) int
//
// It reads the n*64 octets of data from b.pos on, and, to compare a name, octets
// of the line being read, which lie before; no others. It writes spans only while
// b.lines is below b.room.
//
// From one block to the next it carries, apart from what readLines finds, only DI:
// were that R12 == 0, each block would have to wait for the lines of the one before.
//
//	AX b.pos        R8  LF mask    DX special mask, scratch
//	SI data         R10 b.line     R11 stops      BX marks
//	CX blocks left  R12 b.colon    R13 next span  R9 last span with which a block is sure to fit
//	DI 1 if the block begins inside a name, or at the start of a line, else 0
//	R14 scratch
TEXT ·walkAVX2(SB), NOSPLIT, $0-32
	MOVQ b+0(FP), DI
	MOVQ data+8(FP), SI
	MOVQ n+16(FP), CX
	CMPB ·wide(SB), $0
	JNE  wideConstants
	CONSTANTS

begin:
	MOVQ block_pos(DI), AX
	MOVQ block_line(DI), R10
	MOVQ block_colon(DI), R12
	MOVQ block_spans(DI), R8
	MOVQ block_lines(DI), R13
	MOVQ block_room(DI), R9
	LEAQ (R13)(R13*2), R13                          // a span is 12 bytes
	LEAQ (R9)(R9*2), R9
	LEAQ (R8)(R13*4), R13
	LEAQ (-const_maxLines*12)(R8)(R9*4), R9
	XORL DI, DI
	TESTQ R12, R12
	SETEQ DI

blocks:
	CMPB    ·wide(SB), $0
	JNE     wide
	VMOVDQU (SI)(AX*1), Y0
	VMOVDQU 32(SI)(AX*1), Y1
	MARKS(R8, R11, DX, BX)

marked:
	CMPQ R13, R9
	JHI  scarce

fits:
	// As in structure, but with names in the place of starts. A run of ones that
	// reaches the end of the block carries out of it.
	ORQ   R8, R11              // stops
	XORQ  R8, DX               // LF is not special
	LEAQ  (DI)(R8*2), R14      // names = lf<<1 | DI
	MOVQ  R8, DI
	MOVQ  R11, BX
	SHRQ  $63, DI
	SUBQ  R14, BX
	ADCQ  $0, DI
	ANDNQ R11, BX, BX          // first = stops &^ (stops - names)
	ORQ   R8, R14
	TESTQ BX, R14
	JNZ   wrong                // first & (names | lf)

right:
	TESTQ DX, DX
	JNZ   stuck

lines:
	ORQ   R8, BX               // marks = first | lf
	JZ    next
	TESTQ R12, R12
	JNZ   lineEnd

lineColon:
	TZCNTQ BX, R12
	ADDQ   AX, R12
	BLSRQ  BX, BX
	JZ     next

lineEnd:
	TZCNTQ BX, DX
	ADDQ   AX, DX
	LEAQ   14(R10), R14
	MOVL   R10, 0(R13)
	MOVL   R12, 4(R13)
	MOVL   DX, 8(R13)
	ADDQ   $12, R13
	CMPQ   R12, R14
	JEQ    length

lineNext:
	LEAQ  1(DX), R10
	BLSRQ BX, BX
	JNZ   lineColon
	XORL  R12, R12

next:
	ADDQ $64, AX
	DECQ CX
	JGT  blocks
	JLT  done
	MOVQ b+0(FP), DI
	MOVQ AX, block_pos(DI)
	MOVQ $const_walkMore, AX
	JMP  save

wideConstants:
	VPBROADCASTB octets<>+0(SB), Z2
	VPBROADCASTB octets<>+1(SB), Z3
	VPBROADCASTB octets<>+2(SB), Z4
	VPBROADCASTB octets<>+3(SB), Z5
	JMP begin

wide:
	// MARKS with AVX-512: one register a block, and masks without detours.
	VMOVDQU64 (SI)(AX*1), Z0
	VPCMPEQB  Z0, Z2, K1
	VPCMPEQB  Z0, Z3, K2
	VPCMPEQB  Z0, Z4, K3
	VPCMPGTB  Z0, Z5, K4
	KORQ      K3, K4, K3
	KMOVQ     K1, R8
	KMOVQ     K2, R11
	KMOVQ     K3, DX
	JMP       marked

length:
	// The name has 14 octets. Is it content-length, for the first time?
	MOVQ (SI)(R10*1), R14
	CMPQ R14, contentLength<>+0(SB)
	JNE  lineNext
	MOVQ 6(SI)(R10*1), R14
	CMPQ R14, contentLength<>+8(SB)
	JNE  lineNext
	MOVQ b+0(FP), R14
	CMPQ block_lengthEnd(R14), $0
	JNE  lineNext
	MOVQ R10, block_lengthLine(R14)
	MOVQ DX, block_lengthEnd(R14)
	JMP  lineNext

scarce:
	// There may not be room for as many lines as a block can have. For those that
	// this one has?
	POPCNTQ R8, BX
	LEAQ    (BX)(BX*2), BX
	LEAQ    (R13)(BX*4), BX
	LEAQ    (const_maxLines*12)(R9), R14
	CMPQ    BX, R14
	JLS     fits
	JMP     stuck

wrong:
	// Either the line that the last block began has its colon just at the start of
	// this one, which is no fault ...
	ANDQ   BX, R14
	TZCNTQ R14, R11
	ADDQ   AX, R11
	CMPB   (SI)(R11*1), $':'
	JEQ    wrongColon

wrongLF:
	// ... or only the empty line is good news: LF behind LF. An octet precedes
	// data[b.pos] always, for a command does.
	CMPB    -1(SI)(R11*1), $'\n'
	JNE     stuck
	BLSMSKQ R14, R14
	SHRQ    $1, R14            // the bits before
	TESTQ   R14, DX
	JNZ     stuck
	ANDQ    R14, R8
	ANDQ    R14, BX
	INCQ    R11
	MOVQ    b+0(FP), R14
	MOVQ    R11, block_pos(R14)
	XORL    CX, CX             // so that next does not go on
	JMP     lines

wrongColon:
	CMPQ  R11, AX
	JNE   stuck
	CMPQ  R10, AX
	JEQ   stuck
	BLSRQ R14, R14
	JZ    right
	TZCNTQ R14, R11
	ADDQ  AX, R11
	CMPB  (SI)(R11*1), $':'
	JNE   wrongLF
	JMP   stuck

done:
	MOVQ $const_walkDone, AX
	JMP  save

stuck:
	MOVQ b+0(FP), DI
	MOVQ AX, block_pos(DI)
	MOVQ $const_walkStuck, AX

save:
	VZEROUPPER
	MOVQ  b+0(FP), DI
	MOVQ  R10, block_line(DI)
	MOVQ  R12, block_colon(DI)
	SUBQ  block_spans(DI), R13
	SHRQ  $2, R13
	MOVQ  $0xaaaaaaaaaaaaaaab, R8 // the inverse of 3
	IMULQ R8, R13
	MOVQ  R13, block_lines(DI)
	MOVQ  AX, ret+24(FP)
	RET
