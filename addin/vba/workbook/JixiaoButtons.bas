Attribute VB_Name = "JixiaoButtons"
' The buttons on the sheets: the add-in does it, found by its name; without it the person is told what to do.
Option Explicit

Public Sub JixiaoCheck()
    Press "check"
End Sub

Public Sub JixiaoNext()
    Press "next"
End Sub

Public Sub JixiaoPrevious()
    Press "previous"
End Sub

Private Sub Press(ByVal action As String)
    On Error GoTo Failed
    If IsOpen("jixiao.xlam") Then
        Application.Run "'jixiao.xlam'!JixiaoPress", action
    Else
        JixiaoTell "没有打开“绩效自评”加载项，按钮不能用；表中的公式不受影响。" & vbLf & _
            "请安装加载项（运行 jixiao install）后重新打开本工作簿；不安装的，用 jixiao check 审核，或把本工作簿交给下发单位审核。"
    End If
    Exit Sub
Failed:
    JixiaoTell "加载项没有完成这一步。" & vbLf & "请关闭 Excel 后重新打开再试；仍不行的，运行 jixiao doctor 检查。"
End Sub

' A Run of a workbook that is not open might open a file of that name from the current folder.
Private Function IsOpen(ByVal name As String) As Boolean
    On Error GoTo Missing
    IsOpen = Len(Workbooks(name).Name) > 0
Missing:
End Function
