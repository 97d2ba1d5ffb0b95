Attribute VB_Name = "JixiaoRibbon"
' Callbacks of ribbon.xml. A control's id is its action (up to a "."), its tag says when it is enabled and, behind
' "|", answers that it brings along.
Option Explicit

Private Const LINE_LENGTH As Long = 30

Private ribbon As IRibbonUI
' What is active: "any" no issued workbook, "book" one of its sheets, "form" one of its forms; "" not looked yet.
Private state As String

Public Sub JixiaoLoaded(loaded As IRibbonUI)
    Set ribbon = loaded
End Sub

Public Sub JixiaoAction(control As IRibbonControl)
    JixiaoPress Split(control.ID, ".")(0), Mid$(control.Tag, InStr(control.Tag & "|", "|") + 1)
End Sub

Public Sub JixiaoEnabled(control As IRibbonControl, ByRef enabled As Variant)
    If Len(state) = 0 Then state = Active()
    Select Case Split(control.Tag & "|", "|")(0)
    Case "form"
        enabled = (state = "form")
    Case "book"
        enabled = (state <> "any")
    Case Else
        enabled = True
    End Select
End Sub

' The three lines of 当前问题, by the last letter of the control's id.
Public Sub JixiaoLabel(control As IRibbonControl, ByRef label As Variant)
    Select Case Right$(control.ID, 1)
    Case "1"
        label = JixiaoTitle
        If Len(label) = 0 Then label = "审核后在这里逐条显示问题"
    Case "2"
        label = JixiaoText
    Case Else
        label = JixiaoRemedy
        If Len(label) > 0 Then label = "建议：" & label
    End Select
    label = Replace(label, vbLf, " ")
    If Len(label) > LINE_LENGTH Then label = Left$(label, LINE_LENGTH - 1) & "…"
    If Len(label) = 0 Then label = " "
End Sub

Public Sub JixiaoScreentip(control As IRibbonControl, ByRef tip As Variant)
    tip = JixiaoTitle
    If Len(tip) = 0 Then tip = "当前问题"
End Sub

Public Sub JixiaoSupertip(control As IRibbonControl, ByRef tip As Variant)
    tip = JixiaoText
    If Len(JixiaoRemedy) > 0 Then tip = tip & vbLf & vbLf & "建议：" & JixiaoRemedy
    If Len(tip) = 0 Then tip = "点“审核”，再用“下一条”“上一条”逐条查看。"
    tip = Left$(tip, 1000)
End Sub

' Has Excel ask again what is enabled and what the labels say.
Public Sub JixiaoRefresh()
    state = ""
    ' Excel forgets the ribbon's object when VBA is reset; then the buttons stay as they are until Excel starts again.
    If Not ribbon Is Nothing Then ribbon.Invalidate
End Sub

Private Function Active() As String
    Dim sheet As Object
    Active = "any"
    If ActiveWorkbook Is Nothing Then Exit Function
    For Each sheet In ActiveWorkbook.Worksheets
        If HasName(sheet, "_package") Then
            Active = "book"
            Exit For
        End If
    Next sheet
    If Active = "book" And HasName(ActiveSheet, "_form") Then Active = "form"
End Function

Private Function HasName(ByVal sheet As Object, ByVal name As String) As Boolean
    On Error GoTo Missing
    HasName = Len(sheet.Names(name).RefersTo) > 0
Missing:
End Function
