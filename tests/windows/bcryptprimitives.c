/* Wine before 9 lacks the library from which Rust's standard library has its random numbers. */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(BYTE *buffer, SIZE_T length) {
  return RtlGenRandom(buffer, (ULONG)length);
}
