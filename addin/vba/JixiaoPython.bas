Attribute VB_Name = "JixiaoPython"
' The way to Python: starts it once, keeps it, and remembers for a while when it cannot be had.
' xlwings' DLL starts a Python that offers a COM object (xlwings/com_server.py); VBA can only name a DLL by a literal,
' so "{xlwings}" is filled in at build. It is loaded by its full path first, which may hold any character.
Option Explicit

#If Mac Then
#ElseIf Win64 Then
Private Const DLL_NAME As String = "xlwings64-{xlwings}.dll"
Private Declare PtrSafe Function XLPyDLLActivateAuto Lib "xlwings64-{xlwings}.dll" ( _
    ByRef result As Variant, ByVal config As String, ByVal mode As Long) As Long
#Else
Private Const DLL_NAME As String = "xlwings32-{xlwings}.dll"
Private Declare PtrSafe Function XLPyDLLActivateAuto Lib "xlwings32-{xlwings}.dll" ( _
    ByRef result As Variant, ByVal config As String, ByVal mode As Long) As Long
#End If
#If Mac Then
#Else
Private Declare PtrSafe Function LoadLibraryW Lib "kernel32" (ByVal path As LongPtr) As LongPtr
Private Declare PtrSafe Function GetShortPathNameW Lib "kernel32" ( _
    ByVal path As LongPtr, ByVal shortPath As LongPtr, ByVal size As Long) As Long
#End If

Private Const SERVER As String = "jixiao.excel.server"
Private Const SECONDS_TO_WAIT As Long = 60

' Python's object; Nothing before the first call and after Python has ended. And the command that started it.
Private held As Object
Private startedBy As String
' Why there is none, for people; and when a cell may try again. A button always tries.
Private failure As String
Private waitUntil As Date

' One worksheet function: a value, an array, or #N/A when Python is not there.
Public Function JixiaoCall(ByVal name As String, ByVal given As Variant) As Variant
#If Mac Then
    JixiaoCall = CVErr(2042)
#Else
    On Error GoTo Failed
    If Reached(False) Then
        JixiaoCall = held.CallUDF("jixiao.excel.functions", name, given, Nothing, Nothing)
    Else
        JixiaoCall = CVErr(2042)
    End If
    Exit Function
Failed:
    If IsGone(Err.Number) Then Forget
    JixiaoCall = CVErr(2042)
#End If
End Function

' One press of a button: kind, title, text and default of the reply. The words are the action and all answers.
Public Function JixiaoPy(ByVal words As String) As Variant
    Dim answer As String
    Dim attempt As Integer
    On Error GoTo Failed
Again:
    attempt = attempt + 1
    answer = Pressed(words)
    If Len(answer) = 0 Then answer = Complaint("加载项没有得到 Python 的回答。")
    JixiaoPy = Split(answer & String$(3, Chr$(31)), Chr$(31))
    Exit Function
Failed:
    failure = "Python 没有完成这一步（错误 " & Err.Number & "）。"
    ' A Python that has ended since is started anew, once.
    If IsGone(Err.Number) And attempt = 1 Then
        Forget
        Resume Again
    End If
    JixiaoPy = Split(Complaint(failure) & String$(3, Chr$(31)), Chr$(31))
End Function

' Ends Python, with the add-in.
Public Sub JixiaoStop()
#If Mac Then
#Else
    Dim unused As Variant
    If held Is Nothing Then Exit Sub
    Set held = Nothing
    On Error Resume Next
    XLPyDLLActivateAuto unused, startedBy, -1
#End If
End Sub

Private Function Complaint(ByVal cause As String) As String
    Complaint = "warn" & Chr$(31) & "绩效自评" & Chr$(31) & cause & vbLf & _
        "请关闭 Excel，运行“jixiao doctor”检查和修复；仍不行的，请重新安装。表中的公式不受影响。"
End Function

' Sheet 配置: names in column A, values in column B.
Private Function Setting(ByVal name As String) As String
    Dim row As Long
    row = 1
    Do While Len(Settings.Cells(row, 1).Value2) > 0
        If Settings.Cells(row, 1).Value2 = name Then Setting = Settings.Cells(row, 2).Value2
        row = row + 1
    Loop
End Function

#If Mac Then

' A Python for each press, started outside of Excel's sandbox by addin/jixiao.applescript.
Private Function Pressed(ByVal words As String) As String
    Dim book As String
    If Not ActiveWorkbook Is Nothing Then book = ActiveWorkbook.Name
    Pressed = AppleScriptTask("jixiao.applescript", "press", Setting("python") & Chr$(30) & book & Chr$(30) & _
        Setting("version") & Chr$(30) & Setting("xlwings") & Chr$(30) & words)
End Function

Private Function IsGone(ByVal number As Long) As Boolean
End Function

Private Sub Forget()
End Sub

#Else

Private Function Pressed(ByVal words As String) As String
    Dim given As Object
    If Not Reached(True) Then
        Pressed = Complaint(failure)
        Exit Function
    End If
    ' What xlwings' Book.caller() returns.
    held.SetAttr held.Module("xlwings._xlwindows"), "BOOK_CALLER", ActiveWorkbook
    Set given = held.Tuple(Setting("version"), Setting("xlwings"), words)
    Pressed = held.Str(held.Call(held.Module(SERVER), "press", given))
End Function

' Whether Python is there; starts it unless it failed to start a short while ago.
Private Function Reached(ByVal insist As Boolean) As Boolean
    Dim began As Date
    If held Is Nothing And (insist Or Now >= waitUntil) Then
        began = Now
        Start
        ' The longer it took to fail, the longer it is left alone.
        If held Is Nothing Then waitUntil = Now + SECONDS_TO_WAIT / 86400# + 10 * (Now - began)
    End If
    Reached = Not held Is Nothing
End Function

Private Sub Start()
    Dim result As Variant
    Dim path As String
    On Error GoTo Failed
    If Len(Setting("python")) = 0 Then
        failure = "加载项还没有安装到这台电脑：请关闭 Excel，运行“jixiao install”。"
        Exit Sub
    End If
    path = Setting("dll") & "\" & DLL_NAME
    If LoadLibraryW(StrPtr(path)) = 0 Then
        failure = "不能加载 " & path & "：文件不见了、被杀毒软件隔离，或者与 Excel 的位数不同。"
        Exit Sub
    End If
    startedBy = StartCommand()
    If XLPyDLLActivateAuto(result, startedBy, 1) = 0 Then
        Set held = result
    Else
        failure = NotStarted(CStr(result))
    End If
    Exit Sub
Failed:
    failure = NotStarted(Err.Description)
End Sub

' The first line of what the DLL says is for whoever helps.
Private Function NotStarted(ByVal reason As String) As String
    NotStarted = "Python 没有启动起来（" & Left$(Split(reason & vbLf, vbLf)(0), 200) & "）。"
End Function

' -E and -P: neither variables of other programs nor files in the current folder get between. The number makes it
' another command each time: the DLL cannot start again what it has ended.
Private Function StartCommand() As String
    StartCommand = """" & Narrow(Setting("python")) & """ -E -P -m " & SERVER & " $(CLSID) " & CLng(Timer)
End Function

' The DLL takes the command in the code page of Windows; a path outside of it goes by its short name.
Private Function Narrow(ByVal path As String) As String
    Dim buffer As String
    Dim size As Long
    Narrow = path
    If StrConv(StrConv(path, vbFromUnicode), vbUnicode) = path Then Exit Function
    buffer = String$(260, vbNullChar)
    size = GetShortPathNameW(StrPtr(path), StrPtr(buffer), 260)
    If size > 0 And size < 260 Then Narrow = Left$(buffer, size)
End Function

' Whether an error says that the other program has ended (COM: no server, call failed, disconnected).
Private Function IsGone(ByVal number As Long) As Boolean
    Select Case number
    Case 462, &H800706BA, &H800706BE, &H80010108
        IsGone = True
    End Select
End Function

' Lets go of a Python that has ended. A cell waits before it starts another.
Private Sub Forget()
    Set held = Nothing
    waitUntil = Now + SECONDS_TO_WAIT / 86400#
End Sub

#End If
