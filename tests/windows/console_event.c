/* Sends a console event to a program of this name, as the console itself does: on a new thread in it, which runs CtrlRoutine.
   GenerateConsoleCtrlEvent cannot say that the window is closed. Prints whether the program's handler has returned within a
   second, after which Windows would end the program. Usage: console_event NAME.EXE EVENT */
#include <stdio.h>
#include <wchar.h>
#include <windows.h>
#include <tlhelp32.h>

int wmain(int count, wchar_t **arguments) {
  LPTHREAD_START_ROUTINE routine =
      (LPTHREAD_START_ROUTINE)(void *)GetProcAddress(GetModuleHandleA("kernelbase.dll"), "CtrlRoutine");
  HANDLE snapshot = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
  PROCESSENTRY32W entry = {sizeof entry};
  if (count != 3 || !routine) return 2;
  for (BOOL more = Process32FirstW(snapshot, &entry); more; more = Process32NextW(snapshot, &entry)) {
    if (_wcsicmp(entry.szExeFile, arguments[1])) continue;
    HANDLE process = OpenProcess(PROCESS_ALL_ACCESS, FALSE, entry.th32ProcessID);
    ULONG_PTR event = wcstoul(arguments[2], NULL, 10);
    HANDLE thread = CreateRemoteThread(process, NULL, 0, routine, (void *)event, 0, NULL);
    if (!thread) return 3;
    puts(WaitForSingleObject(thread, 1000) == WAIT_TIMEOUT ? "the handler waits" : "the handler has returned");
    return 0;
  }
  return 4;
}
