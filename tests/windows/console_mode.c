/* Runs the command line that follows, with standard output to a file, and ends with the
   mode of the console's output as exit code. */
#include <wchar.h>
#include <windows.h>

int wmain(int count, wchar_t **arguments) {
  SECURITY_ATTRIBUTES inherited = {sizeof inherited, NULL, TRUE};
  STARTUPINFOW startup = {sizeof startup};
  PROCESS_INFORMATION process;
  wchar_t line[4096] = L"";
  DWORD mode = 0;
  for (int i = 1; i < count; i++) {
    wcscat(line, arguments[i]);
    wcscat(line, L" ");
  }
  HANDLE console = CreateFileW(L"CONOUT$", GENERIC_READ | GENERIC_WRITE, FILE_SHARE_WRITE, &inherited, OPEN_EXISTING, 0, NULL);
  /* As a classic console starts. */
  SetConsoleMode(console, ENABLE_PROCESSED_OUTPUT | ENABLE_WRAP_AT_EOL_OUTPUT);
  startup.dwFlags = STARTF_USESTDHANDLES;
  startup.hStdInput = GetStdHandle(STD_INPUT_HANDLE);
  startup.hStdOutput = CreateFileW(L"C:\\console_mode.out", GENERIC_WRITE, 0, &inherited, CREATE_ALWAYS, 0, NULL);
  startup.hStdError = console;
  if (!CreateProcessW(NULL, line, NULL, NULL, TRUE, 0, NULL, NULL, &startup, &process)) return 101;
  WaitForSingleObject(process.hProcess, INFINITE);
  if (!GetConsoleMode(console, &mode)) return 102;
  return (int)mode;
}
