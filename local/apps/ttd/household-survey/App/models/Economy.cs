#nullable enable
using System;
using System.Collections.Generic;
using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;
using System.Xml.Serialization;
using Newtonsoft.Json;

namespace Altinn.App.Models;

/// <summary>Økonomi: arbeid, inntekt, utgifter og gjeld.</summary>
[XmlRoot(ElementName = "Economy")]
public class Economy
{
    [XmlElement("employment", Order = 1)]
    [JsonProperty("employment")]
    [JsonPropertyName("employment")]
    public Employment? Employment { get; set; }

    [XmlElement("hours", Order = 2)]
    [JsonProperty("hours")]
    [JsonPropertyName("hours")]
    public Hours? Hours { get; set; }

    [XmlElement("income", Order = 3)]
    [JsonProperty("income")]
    [JsonPropertyName("income")]
    public Income? Income { get; set; }

    [XmlElement("expenses", Order = 4)]
    [JsonProperty("expenses")]
    [JsonPropertyName("expenses")]
    public Expenses? Expenses { get; set; }

    [XmlElement("savings", Order = 5)]
    [JsonProperty("savings")]
    [JsonPropertyName("savings")]
    public Savings? Savings { get; set; }

    [XmlElement("debt", Order = 6)]
    [JsonProperty("debt")]
    [JsonPropertyName("debt")]
    public Debt? Debt { get; set; }

    [XmlElement("derived", Order = 7)]
    [JsonProperty("derived")]
    [JsonPropertyName("derived")]
    public EconomyDerived? Derived { get; set; }
}

public class Employment
{
    /// <summary>Hva er hovedaktiviteten din.</summary>
    [MaxLength(255)]
    [XmlElement("status", Order = 1)]
    [JsonProperty("status")]
    [JsonPropertyName("status")]
    public string? Status { get; set; }

    /// <summary>Hvilken næring jobber du i.</summary>
    [MaxLength(255)]
    [XmlElement("industry", Order = 2)]
    [JsonProperty("industry")]
    [JsonPropertyName("industry")]
    public string? Industry { get; set; }

    /// <summary>Er du fast eller midlertidig ansatt.</summary>
    [MaxLength(255)]
    [XmlElement("contract", Order = 3)]
    [JsonProperty("contract")]
    [JsonPropertyName("contract")]
    public string? Contract { get; set; }
}

public class Hours
{
    /// <summary>Avtalt arbeidstid per uke i timer.</summary>
    [XmlElement("perWeek", Order = 1)]
    [JsonProperty("perWeek")]
    [JsonPropertyName("perWeek")]
    public decimal? PerWeek { get; set; }

    /// <summary>Når på døgnet arbeider du.</summary>
    [MaxLength(255)]
    [XmlElement("arrangement", Order = 2)]
    [JsonProperty("arrangement")]
    [JsonPropertyName("arrangement")]
    public string? Arrangement { get; set; }

    /// <summary>Hvor ofte har du hjemmekontor.</summary>
    [MaxLength(255)]
    [XmlElement("homeOffice", Order = 3)]
    [JsonProperty("homeOffice")]
    [JsonPropertyName("homeOffice")]
    public string? HomeOffice { get; set; }
}

public class Income
{
    /// <summary>Hvilke inntekter hadde husholdningen i fjor.</summary>
    [MaxLength(255)]
    [XmlElement("sources", Order = 1)]
    [JsonProperty("sources")]
    [JsonPropertyName("sources")]
    public string? Sources { get; set; }

    /// <summary>Husholdningens samlede inntekt etter skatt.</summary>
    [MaxLength(255)]
    [XmlElement("bracket", Order = 2)]
    [JsonProperty("bracket")]
    [JsonPropertyName("bracket")]
    public string? Bracket { get; set; }
}

public class Expenses
{
    /// <summary>Mat og drikke per måned.</summary>
    [XmlElement("food", Order = 1)]
    [JsonProperty("food")]
    [JsonPropertyName("food")]
    public int? Food { get; set; }

    /// <summary>Transport per måned.</summary>
    [XmlElement("transport", Order = 2)]
    [JsonProperty("transport")]
    [JsonPropertyName("transport")]
    public int? Transport { get; set; }

    /// <summary>Bolig og strøm per måned.</summary>
    [XmlElement("housing", Order = 3)]
    [JsonProperty("housing")]
    [JsonPropertyName("housing")]
    public int? Housing { get; set; }

    /// <summary>Hvor lett er det å få endene til å møtes.</summary>
    [MaxLength(255)]
    [XmlElement("makeEndsMeet", Order = 4)]
    [JsonProperty("makeEndsMeet")]
    [JsonPropertyName("makeEndsMeet")]
    public string? MakeEndsMeet { get; set; }
}

public class Savings
{
    /// <summary>Kan dere betale en uforutsett regning på 20 000 kroner.</summary>
    [MaxLength(255)]
    [XmlElement("hasBuffer", Order = 1)]
    [JsonProperty("hasBuffer")]
    [JsonPropertyName("hasBuffer")]
    public string? HasBuffer { get; set; }

    /// <summary>Hvordan sparer dere.</summary>
    [MaxLength(255)]
    [XmlElement("forms", Order = 2)]
    [JsonProperty("forms")]
    [JsonPropertyName("forms")]
    public string? Forms { get; set; }
}

public class Debt
{
    /// <summary>Hva slags gjeld har dere.</summary>
    [MaxLength(255)]
    [XmlElement("kinds", Order = 1)]
    [JsonProperty("kinds")]
    [JsonPropertyName("kinds")]
    public string? Kinds { get; set; }

    /// <summary>Hvor ofte har dere betalt regninger for sent det siste året.</summary>
    [MaxLength(255)]
    [XmlElement("lateBills", Order = 2)]
    [JsonProperty("lateBills")]
    [JsonPropertyName("lateBills")]
    public string? LateBills { get; set; }
}

public class EconomyDerived
{
    /// <summary>Sum utgifter per måned, regnet ut av appen.</summary>
    [XmlElement("monthlyExpenses", Order = 1)]
    [JsonProperty("monthlyExpenses")]
    [JsonPropertyName("monthlyExpenses")]
    public int? MonthlyExpenses { get; set; }
}
