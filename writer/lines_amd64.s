//go:build !purego

#include "textflag.h"

// MARK collects in X0 which octets of X1 are not plain. Comparing as signed, both
// control characters and octets from 0x80 on are below the blank. It uses X2.
#define MARK \
	MOVO    X14, X2; \
	PCMPGTB X1, X2;  \
	POR     X2, X0;  \
	MOVO    X1, X2;  \
	PCMPEQB X12, X2; \
	POR     X2, X0;  \
	PCMPEQB X13, X1; \
	POR     X1, X0

// func putPlainLines(p []byte, h []frame.Field) (size, lines int)
//
// DI, R8   p and its length
// SI, R9   the next field; how many are left
// R10, R11 lines and size of what is done
// DX       size with the line of the field
// AX, BX   the text being copied and its length
// R12      where it goes
// R13      what stands after it: a colon after a name, LF after a value
// X0       marks of the line
// X12-X14  colons, backslashes, blanks
TEXT ·putPlainLines(SB), NOSPLIT, $0-64
	MOVQ p_base+0(FP), DI
	MOVQ p_len+8(FP), R8
	MOVQ h_base+24(FP), SI
	MOVQ h_len+32(FP), R9
	XORL R10, R10
	XORL R11, R11
	MOVL $0x3a3a3a3a, AX
	MOVQ AX, X12
	PSHUFL $0, X12, X12
	MOVL $0x5c5c5c5c, AX
	MOVQ AX, X13
	PSHUFL $0, X13, X13
	MOVL $0x20202020, AX
	MOVQ AX, X14
	PSHUFL $0, X14, X14

line:
	CMPQ R10, R9
	JGE  done
	MOVQ 0(SI), AX
	MOVQ 8(SI), BX
	TESTQ BX, BX
	JZ   done
	LEAQ 2(R11)(BX*1), DX
	ADDQ 24(SI), DX
	CMPQ DX, R8
	JGT  done
	CMPQ BX, $14
	JEQ  maybeLength

room:
	LEAQ (DI)(R11*1), R12
	MOVL $0x3a, R13
	PXOR X0, X0

text:
	CMPQ BX, $8
	JB   short
	CMPQ BX, $16
	JA   long

	// 8 to 16 octets: two words that may overlap.
	MOVQ (AX), X1
	MOVQ -8(AX)(BX*1), X3
	MOVQ X1, (R12)
	MOVQ X3, -8(R12)(BX*1)
	PUNPCKLQDQ X3, X1
	MARK
	JMP  next

long:
	// All blocks of 16 that are whole, and the last 16 octets.
	MOVOU -16(AX)(BX*1), X1
	LEAQ -16(R12)(BX*1), R14
	MOVOU X1, (R14)
	MARK
	MOVQ R12, CX

block:
	MOVOU (AX), X1
	MOVOU X1, (CX)
	MARK
	ADDQ $16, AX
	ADDQ $16, CX
	CMPQ CX, R14
	JB   block

next:
	ADDQ BX, R12
	MOVB R13, (R12)
	INCQ R12
	CMPL R13, $0x0a
	JEQ  end
	MOVQ 16(SI), AX
	MOVQ 24(SI), BX
	MOVL $0x0a, R13
	JMP  text

end:
	PMOVMSKB X0, AX
	TESTL AX, AX
	JNZ  done
	MOVQ DX, R11
	ADDQ $32, SI
	INCQ R10
	JMP  line

short:
	CMPQ BX, $4
	JB   tiny
	MOVL (AX), CX
	MOVL -4(AX)(BX*1), R14
	MOVL CX, (R12)
	MOVL R14, -4(R12)(BX*1)
	MOVQ CX, X1
	MOVQ R14, X3
	PUNPCKLLQ X3, X1
	PUNPCKLQDQ X1, X1
	MARK
	JMP  next

tiny:
	// 1 to 3 octets: the first, the middle and the last, which may be the same.
	TESTQ BX, BX
	JZ   next
	MOVBLZX (AX), CX
	MOVB CX, (R12)
	MOVQ BX, R14
	SHRQ $1, R14
	MOVBLZX (AX)(R14*1), R15
	MOVB R15, (R12)(R14*1)
	SHLL $8, R15
	ORL  R15, CX
	MOVBLZX -1(AX)(BX*1), R15
	MOVB R15, -1(R12)(BX*1)
	SHLL $16, R15
	ORL  R15, CX
	ORL  $0x78000000, CX
	MOVQ CX, X1
	PSHUFL $0, X1, X1
	MARK
	JMP  next

maybeLength:
	// A name of 14 octets: is it "content-" and, overlapping, "t-length"?
	MOVQ $0x2d746e65746e6f63, CX
	CMPQ CX, (AX)
	JNE  room
	MOVQ $0x6874676e656c2d74, CX
	CMPQ CX, 6(AX)
	JNE  room

done:
	MOVQ R11, size+48(FP)
	MOVQ R10, lines+56(FP)
	RET
