//go:build !purego

#include "go_asm.h"
#include "textflag.h"

DATA octets<>+0(SB)/1, $'\n'
DATA octets<>+1(SB)/1, $':'
DATA octets<>+2(SB)/1, $'\\'
DATA octets<>+3(SB)/1, $'\r'
GLOBL octets<>(SB), RODATA|NOPTR, $4

DATA contentLength<>+0(SB)/8, $"content-"
DATA contentLength<>+8(SB)/8, $"t-length"
GLOBL contentLength<>(SB), RODATA|NOPTR, $16

// CONSTANTS loads what MARKS compares with.
#define CONSTANTS \
	VPBROADCASTB octets<>+0(SB), Y2 \
	VPBROADCASTB octets<>+1(SB), Y3 \
	VPBROADCASTB octets<>+2(SB), Y4 \
	VPBROADCASTB octets<>+3(SB), Y5 \
	VPXOR X6, X6, X6

// MARKS sets the masks of the block of which Y0 has the first half and Y1 the
// second: lf, colon, and special (NUL, backslash, CR, or the high bit is set).
#define MARKS(lf, colon, special, tmp) \
	VPCMPEQB  Y0, Y2, Y7     \
	VPCMPEQB  Y1, Y2, Y8     \
	VPCMPEQB  Y0, Y3, Y9     \
	VPCMPEQB  Y1, Y3, Y10    \
	VPMOVMSKB Y7, lf         \
	VPMOVMSKB Y8, tmp        \
	SHLQ      $32, tmp       \
	ORQ       tmp, lf        \
	VPMOVMSKB Y9, colon      \
	VPMOVMSKB Y10, tmp       \
	SHLQ      $32, tmp       \
	ORQ       tmp, colon     \
	VPCMPEQB  Y0, Y4, Y7     \
	VPCMPEQB  Y1, Y4, Y8     \
	VPCMPEQB  Y0, Y5, Y9     \
	VPCMPEQB  Y1, Y5, Y10    \
	VPCMPEQB  Y0, Y6, Y11    \
	VPCMPEQB  Y1, Y6, Y12    \
	VPOR      Y7, Y9, Y7     \
	VPOR      Y8, Y10, Y8    \
	VPOR      Y0, Y11, Y11   \
	VPOR      Y1, Y12, Y12   \
	VPOR      Y7, Y11, Y7    \
	VPOR      Y8, Y12, Y8    \
	VPMOVMSKB Y7, special    \
	VPMOVMSKB Y8, tmp        \
	SHLQ      $32, tmp       \
	ORQ       tmp, special

// func markAVX2(dst *masks, octets *[blockSize]byte)
TEXT ·markAVX2(SB), NOSPLIT, $0-16
	MOVQ dst+0(FP), DI
	MOVQ octets+8(FP), SI
	CONSTANTS
	VMOVDQU (SI), Y0
	VMOVDQU 32(SI), Y1
	MARKS(R8, R11, DX, BX)
	VZEROUPPER
	MOVQ R8, masks_lf(DI)
	MOVQ R11, masks_colon(DI)
	MOVQ DX, masks_special(DI)
	RET

// func walkAVX2(b *block, data *byte, n int) int
//
// It reads the n*64 octets of data from b.pos on, and, to compare a name, octets
// of the line being read, which lie before; no others. It writes spans only while
// b.lines is below b.room.
//
//	DI b            AX b.pos        R8  LF mask     DX special mask
//	SI data         R10 b.line      R11 stops       BX marks
//	CX blocks left  R12 b.colon     R13 next span   R9 spans left
//	R14 wrong marks, and scratch
TEXT ·walkAVX2(SB), NOSPLIT, $0-32
	MOVQ b+0(FP), DI
	MOVQ data+8(FP), SI
	MOVQ n+16(FP), CX
	CONSTANTS
	MOVQ block_pos(DI), AX
	MOVQ block_line(DI), R10
	MOVQ block_colon(DI), R12
	MOVQ block_lines(DI), R8
	MOVQ block_room(DI), R9
	SUBQ R8, R9
	LEAQ (R8)(R8*2), R8
	MOVQ block_spans(DI), R13
	LEAQ (R13)(R8*4), R13      // a span is 12 bytes

blocks:
	VMOVDQU (SI)(AX*1), Y0
	VMOVDQU 32(SI)(AX*1), Y1
	MARKS(R8, R11, DX, BX)

	POPCNTQ R8, BX
	SUBQ    BX, R9
	JLT     stuck

	// As in structure: first = (names + ^stops) & stops.
	XORL  BX, BX
	LEAQ  (R8)(R8*1), R14      // starts
	TESTQ R12, R12
	SETEQ BX
	ORQ   R8, R11              // stops
	ORQ   R14, BX              // names
	SUBQ  R11, BX
	DECQ  BX
	ANDQ  R11, BX              // first
	XORL  R11, R11
	CMPQ  R10, AX
	SETEQ R11
	ORQ   R11, R14
	ORQ   R8, R14
	ANDQ  BX, R14              // wrong = first & (starts | lf)
	JNZ   wrong
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
	CMPQ   R14, R12
	JEQ    length

lineNext:
	LEAQ  1(DX), R10
	XORL  R12, R12
	BLSRQ BX, BX
	JNZ   lineColon

next:
	TESTQ CX, CX
	JZ    done
	ADDQ  $64, AX
	DECQ  CX
	JNZ   blocks

	MOVQ AX, block_pos(DI)
	MOVQ $const_walkMore, AX
	JMP  save

length:
	// The name has 14 octets. Is it content-length, for the first time?
	MOVQ (SI)(R10*1), R14
	CMPQ R14, contentLength<>+0(SB)
	JNE  lineNext
	MOVQ 6(SI)(R10*1), R14
	CMPQ R14, contentLength<>+8(SB)
	JNE  lineNext
	CMPQ block_lengthEnd(DI), $0
	JNE  lineNext
	MOVQ R10, block_lengthLine(DI)
	MOVQ DX, block_lengthEnd(DI)
	JMP  lineNext

wrong:
	// Only the empty line is good news: LF behind LF. An octet precedes data[b.pos]
	// always, for a command does.
	TZCNTQ R14, R11
	ADDQ   AX, R11
	CMPW   -1(SI)(R11*1), $0x0a0a
	JNE    stuck
	BLSMSKQ R14, R14
	SHRQ   $1, R14             // the bits before
	TESTQ  R14, DX
	JNZ    stuck
	POPCNTQ R8, DX
	ADDQ   DX, R9
	ANDQ   R14, R8
	ANDQ   R14, BX
	POPCNTQ R8, DX
	SUBQ   DX, R9
	INCQ   R11
	MOVQ   R11, block_pos(DI)
	XORL   CX, CX              // so that next does not go on
	JMP    lines

done:
	MOVQ $const_walkDone, AX
	JMP  save

stuck:
	POPCNTQ R8, BX
	ADDQ BX, R9
	MOVQ AX, block_pos(DI)
	MOVQ $const_walkStuck, AX

save:
	VZEROUPPER
	MOVQ R10, block_line(DI)
	MOVQ R12, block_colon(DI)
	MOVQ block_room(DI), R8
	SUBQ R9, R8
	MOVQ R8, block_lines(DI)
	MOVQ AX, ret+24(FP)
	RET
