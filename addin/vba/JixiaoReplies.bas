Attribute VB_Name = "JixiaoReplies"
' A button: press, show the reply; after a question press again with all answers so far (docs/decisions/0015).
Option Explicit

' The current finding: which one and where, what is wrong, what to do.
Public JixiaoTitle As String
Public JixiaoText As String
Public JixiaoRemedy As String

' Does what a button does. Also called by the buttons on the sheets of issued workbooks.
Public Sub JixiaoPress(ByVal action As String, Optional ByVal fixed As Variant)
    Dim words As String
    Dim answer As String
    Dim reply As Variant
    On Error GoTo Failed
    If Not IsIdle() Then
        JixiaoBox "", "正在编辑单元格，按钮暂时不能用。" & vbLf & "请先按回车键完成输入，或按 Esc 键放弃，再点一次。", vbExclamation
        Exit Sub
    End If
    words = action
    If Not IsMissing(fixed) Then
        If Len(fixed) > 0 Then words = words & Chr$(31) & Replace(fixed, "|", Chr$(31))
    End If
    Do
        reply = JixiaoPy(words)
        Select Case reply(0)
        Case "ask", "confirm", "save", "open", "folder"
            answer = JixiaoAsk(reply(0), reply(1), reply(2), reply(3))
            If answer = vbNullChar Then Exit Do
            words = words & Chr$(31) & answer
        Case "show"
            JixiaoShow reply(1), reply(2), reply(3)
            Exit Do
        Case "say"
            ShowLine reply(3)
            JixiaoBox reply(1), reply(2), vbInformation
            Exit Do
        Case "warn"
            JixiaoBox reply(1), reply(2), vbExclamation
            Exit Do
        Case Else
            Exit Do
        End Select
    Loop
    JixiaoRefresh
    Exit Sub
Failed:
    ' Without this Excel would show its own box, and VBA forget Python and the ribbon.
    JixiaoBox "", "这一步没有完成（错误 " & Err.Number & "）。" & vbLf & "请再试一次；仍不行的，请点“自检”。", vbExclamation
End Sub

' Shows the current finding in the ribbon and in the status bar; with nothing given takes it away.
Public Sub JixiaoShow(ByVal title As String, ByVal text As String, ByVal remedy As String)
    ' Nobody else's status bar is touched.
    If Len(title) = 0 And Len(JixiaoTitle) = 0 Then Exit Sub
    JixiaoTitle = title
    JixiaoText = text
    JixiaoRemedy = remedy
    If Len(title) = 0 Then
        Application.StatusBar = False
    Else
        Application.StatusBar = Left$(Replace(title & "　" & text, vbLf, " "), 200)
    End If
End Sub

' The finding that a message is about, on one line: which one and where, a colon, what is wrong.
Private Sub ShowLine(ByVal line As String)
    Dim colon As Long
    colon = InStr(line & "：", "：")
    If Len(line) > 0 Then JixiaoShow Left$(line, colon - 1), Mid$(line, colon + 1), ""
End Sub

' While a cell is being edited Excel takes no setting.
Private Function IsIdle() As Boolean
    On Error GoTo Busy
    Application.Interactive = Application.Interactive
    IsIdle = True
Busy:
End Function
